"""What is stored of an athlete, to compare two ways that should store the same."""

from athletes.models import Day, EraReading
from athletes.reports.records import RECORDS


def stored(athlete):
    """All that counts: live records, days and what their HRV eras read, without ids and times of arrival."""
    unlike = {"id", "athlete_id", "created_at", "updated_at", "change_seq", "deleted_at"}
    records = [
        {name: value for name, value in row.items() if name not in unlike}
        for model in RECORDS.values()
        for row in model.objects.filter(athlete=athlete, deleted_at=None)
        .order_by("provider", "client_record_id")
        .values()
    ]
    days = {}
    for day in Day.objects.filter(athlete=athlete):
        values = {f.attname: getattr(day, f.attname) for f in Day._meta.concrete_fields}
        for name in ("id", "athlete_id", "provenance", "revised_at", "change_seq"):
            del values[name]
        days[day.date] = values
    empty = {"": None, False: None}
    known = {on: v for on, v in days.items() if any(empty.get(x, x) is not None for k, x in v.items() if k != "date")}
    read = EraReading.objects.filter(athlete=athlete).order_by("date", "era")
    return records, known, list(read.values_list("date", "era", "value_ms", "doubted", "logged"))
