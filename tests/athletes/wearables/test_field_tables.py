"""The page about the readers says what the readers do."""

import re
from pathlib import Path

from athletes.serializers import BODIES, CheckInBody
from athletes.wearables.field_tables import as_markdown
from athletes.wearables.readers import READERS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "wearables.md"


def test_the_page_is_the_one_that_document_readers_writes():
    assert PAGE.read_text() == as_markdown()


def test_every_field_that_a_table_promises_is_one_of_the_api():
    known = {
        f"{kind}.{name}" for kind, body in {**BODIES, "check_in": CheckInBody}.items() for name in body().fields
    } | {"check_in.date"}
    for reader in READERS.values():
        for field in reader.table:
            for kind, name in re.findall(r"(\w+)\.(\w+)", field.becomes):
                assert kind == "source" or f"{kind}.{name}" in known, (reader.name, field)


def test_every_hrv_field_says_which_metric_it_is():
    for reader in READERS.values():
        for field in reader.table:
            if "hrv_reading.value_ms" in field.becomes and reader.name not in ("apple_export", "open_wearables"):
                assert re.search(r"rMSSD|SDNN", field.note), (reader.name, field)


def test_every_reader_has_a_day_rule_an_identity_and_a_table_without_a_field_twice():
    for reader in READERS.values():
        assert reader.day_rule
        assert reader.identity
        assert len({field.vendor for field in reader.table}) == len(reader.table)
