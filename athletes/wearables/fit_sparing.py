"""fitdecode that takes apart only what is used.

Most of a FIT file are records of twenty fields, of which two are used. Definitions are read as they stand; then the
fields between those that are used become one field of bytes each, so that a message costs four reads and not twenty.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import fitdecode
from fitdecode.types import BASE_TYPE_BYTE, FieldDefinition

TIMESTAMP = 253  # compressed times of later messages count from it
USED = {"record": {TIMESTAMP, 3}}  # 3: heart_rate
WHOLE = {
    "file_id", "activity", "session", "hrv", "hrv_status_summary", "developer_data_id", "field_description",
}  # fmt: skip
NO_FIELD = 255


class SparingReader(fitdecode.FitReader):
    def _read_definition_message(self, header_chunk: bytes, record_header: Any) -> Any:
        message = super()._read_definition_message(header_chunk, record_header)
        if message.name not in WHOLE:
            used = USED.get(message.name, {TIMESTAMP})
            message.field_defs = list(joined(message.all_field_defs, used))
            message.dev_field_defs = []
        return message


def joined(fields: Iterable[Any], used: set[int]) -> Iterator[Any]:
    for is_used, group in groupby(fields, key=lambda field: not field.is_dev and field.def_num in used):
        if is_used:
            yield from group
        else:
            yield FieldDefinition(None, NO_FIELD, BASE_TYPE_BYTE, sum(field.size for field in group))
