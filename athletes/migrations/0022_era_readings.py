"""What each HRV era read on a day becomes rows, and why a day stands on its era a column: until now the state and the
choice of the next days read both out of the provenance, which explains the day to the athlete.

Filled from the provenance and read back: every day must say of every era what it said before, or the migration ends.
"""

import django.db.models.deletion
from django.db import migrations, models

BATCH = 2_000
ALL_DAYS = models.Q(hrv_ms__isnull=False) | models.Q(provenance__hrv__isnull=False)


def believed_before(day):
    """As `athletes.eras.of_eras` read a day until now; "" is a season log's value, which names no era."""
    rejected = day.provenance.get("hrv", {}).get("rejected") or ()
    believed = [r for r in reversed([*rejected]) if r.get("era") and r["why"] != "quarantined"]
    values = {r["era"]: r["value"] for r in believed}
    if day.hrv_ms is not None and day.hrv_era:
        values[day.hrv_era] = day.hrv_ms
    return values


def readings_of(day):
    """era -> (ms, doubted, logged)"""
    hrv = day.provenance.get("hrv", {})
    found = {}
    if day.hrv_ms is not None and day.hrv_era:
        found[day.hrv_era] = (day.hrv_ms, False, is_of_a_log(hrv.get("source")))
    for doubted in (False, True):
        for rejected in hrv.get("rejected") or ():
            if rejected.get("era") and (rejected["why"] == "quarantined") == doubted:
                found.setdefault(
                    rejected["era"], (rejected["value"], doubted, is_of_a_log(rejected.get("source")))
                )
    return found


def is_of_a_log(source):
    return bool(source) and source.get("kind") == "season_day"


def fill(apps, schema_editor):
    day_model, reading = apps.get_model("athletes", "Day"), apps.get_model("athletes", "EraReading")
    days = day_model.objects.filter(ALL_DAYS).order_by("pk")
    columns = days.only("pk", "athlete_id", "date", "hrv_ms", "hrv_era", "provenance")
    total, done, last = days.count(), 0, 0
    nameless = 0
    while batch := list(columns.filter(pk__gt=last)[:BATCH]):
        written = reading.objects.aggregate(last=models.Max("pk"))["last"] or 0
        rows = [
            reading(athlete_id=day.athlete_id, date=day.date, era=era, value_ms=ms, doubted=doubted, logged=logged)
            for day in batch
            for era, (ms, doubted, logged) in readings_of(day).items()
        ]
        reading.objects.bulk_create(rows, batch_size=BATCH)
        for day in batch:
            day.hrv_because = day.provenance.get("hrv", {}).get("because", "")
        day_model.objects.bulk_update([day for day in batch if day.hrv_because], ["hrv_because"], batch_size=200)
        compare(reading.objects.filter(pk__gt=written), batch)
        nameless += sum(map(names_no_era, batch))
        done, last = done + len(batch), batch[-1].pk
        if done % 50_000 < BATCH <= done:
            print(f"  {done:,} of {total:,} days", flush=True)
    if nameless:
        print(f"  {nameless:,} days of an older version do not say which eras else were read: run refile_records once")


def names_no_era(day):
    rejected = day.provenance.get("hrv", {}).get("rejected") or ()
    return any("era" not in each for each in rejected)


def compare(rows, batch):
    """The rows as the database has them now, with what the code of before read."""
    stored = {(day.athlete_id, day.date): {} for day in batch}
    believed = rows.filter(doubted=False).values_list("athlete_id", "date", "era", "value_ms")
    for athlete_id, date, era, value_ms in believed:
        stored[athlete_id, date][era] = value_ms
    for day in batch:
        if stored[day.athlete_id, day.date] != believed_before(day):
            raise ValueError(f"day {day.pk}: its rows are {stored[day.athlete_id, day.date]}, {believed_before(day)} said before")


def empty(apps, schema_editor):
    """The provenance still says it all."""


class Migration(migrations.Migration):
    dependencies = [("athletes", "0021_medical_detail_is_encrypted")]

    operations = [
        migrations.AddField(
            "day",
            "hrv_because",
            models.CharField(
                blank=True, help_text="empty: a season log's, or none", max_length=16, verbose_name="why this HRV era"
            ),
        ),
        migrations.AlterField(
            "day",
            "provenance",
            models.JSONField(
                blank=True, default=dict, help_text="explains to people; no code decides by it",
                verbose_name="provenance",
            ),
        ),
        migrations.CreateModel(
            "EraReading",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                ("era", models.CharField(help_text="metric/provider/context", max_length=64)),
                ("value_ms", models.FloatField(help_text="of several readings the one that counts in this era")),
                ("doubted", models.BooleanField(
                    help_text="no other of this era was believed: it stands in no baseline"
                )),
                ("logged", models.BooleanField(help_text="a season log says so")),
                ("athlete", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="era_readings",
                    to="athletes.athlete",
                )),
            ],
            options={"verbose_name": "HRV of an era", "verbose_name_plural": "HRV of eras"},
        ),
        migrations.AddConstraint(
            "EraReading",
            models.UniqueConstraint(fields=("athlete", "date", "era"), name="one_reading_per_athlete_date_and_era"),
        ),
        migrations.AddConstraint(
            "EraReading",
            models.CheckConstraint(
                condition=models.Q(("value_ms__isnull", True))
                | models.Q(("value_ms__gte", 0), ("value_ms__lte", 500)),
                name="era_reading_value_ms_in_range",
            ),
        ),
        migrations.RunPython(fill, empty),
    ]
