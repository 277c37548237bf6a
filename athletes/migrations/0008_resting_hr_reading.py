"""What a device calls the resting heart rate of a day is a record of its own."""

import storage.identifiers
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("athletes", "0007_source_periods"),
    ]

    operations = [
        migrations.CreateModel(
            name="RestingHrReading",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=storage.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("date", models.DateField(help_text="the athlete's local day it belongs to")),
                (
                    "date_basis",
                    models.CharField(help_text="record_zone, record_offset, profile_zone or given", max_length=16),
                ),
                ("zone", models.CharField(blank=True, help_text="IANA zone the record came with", max_length=64)),
                (
                    "utc_offset_min",
                    models.SmallIntegerField(
                        blank=True, help_text="in force at the instant that decides the date", null=True
                    ),
                ),
                (
                    "vendor_date",
                    models.DateField(
                        blank=True, help_text="the day the vendor files it under; kept, not used", null=True
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("manual", "Manual"),
                            ("apple", "Apple"),
                            ("health_connect", "Health Connect"),
                            ("samsung", "Samsung"),
                            ("garmin", "Garmin"),
                            ("google", "Google"),
                            ("fitbit", "Fitbit"),
                            ("polar", "Polar"),
                            ("suunto", "Suunto"),
                            ("whoop", "Whoop"),
                            ("oura", "Oura"),
                            ("withings", "Withings"),
                            ("ultrahuman", "Ultrahuman"),
                            ("intervals_icu", "Intervals Icu"),
                            ("open_wearables", "Open Wearables"),
                            ("hrv4training", "Hrv4Training"),
                            ("elitehrv", "Elitehrv"),
                            ("other", "Other"),
                        ],
                        default="manual",
                        max_length=16,
                    ),
                ),
                ("device_model", models.CharField(blank=True, max_length=80)),
                ("device_type", models.CharField(blank=True, max_length=24)),
                ("recording_method", models.CharField(blank=True, max_length=24)),
                ("client_record_id", models.CharField(max_length=128)),
                ("client_record_version", models.PositiveBigIntegerField(default=0)),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "quality_status",
                    models.CharField(
                        choices=[("ok", "Ok"), ("quarantined", "Quarantined"), ("confirmed", "Confirmed")],
                        default="ok",
                        max_length=12,
                    ),
                ),
                ("quality_reasons", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("deleted_at", models.DateTimeField(blank=True, help_text="a tombstone, kept 90 days", null=True)),
                (
                    "change_seq",
                    models.BigIntegerField(
                        default=0, editable=False, help_text="its place among the athlete's changes"
                    ),
                ),
                ("measured_at", models.DateTimeField()),
                ("value_bpm", models.FloatField()),
                (
                    "athlete",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="athletes.athlete"
                    ),
                ),
            ],
            options={
                "ordering": ["-date", "-id"],
                "abstract": False,
                "indexes": [
                    models.Index(fields=["athlete", "date"], name="restinghrreading_by_day"),
                    models.Index(fields=["athlete", "updated_at"], name="restinghrreading_by_update"),
                    models.Index(fields=["athlete", "change_seq"], name="restinghrreading_by_change"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("athlete", "provider", "client_record_id"),
                        name="restinghrreading_one_row_per_source_record",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("value_bpm__isnull", True),
                            models.Q(("value_bpm__gte", 20), ("value_bpm__lte", 150)),
                            _connector="OR",
                        ),
                        name="resting_hr_reading_value_bpm_in_range",
                    ),
                ],
            },
        ),
    ]
