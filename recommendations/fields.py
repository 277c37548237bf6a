"""Columns of ours."""

from typing import Any

from django.db import models

from mlmodels import layouts


class ObservationField(models.Field):  # type: ignore[type-arg]
    """An observation by name, kept as numbers: 850 bytes where its JSON took 2,400."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"editable": False} | kwargs)

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> Any:
        return connection.ops.binary_placeholder_sql(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> layouts.Row | None:
        return None if value is None else layouts.unpack(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else connection.Database.Binary(layouts.pack(value))

    def value_to_string(self, obj: Any) -> str:
        raise NotImplementedError("an observation is not written as a fixture")
