"""Seasons in and out by file, and the demo squads."""

from datetime import timedelta
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from athletes.models import Athlete, Day, Membership, SeasonDay, Squad
from measures.season_columns import COLUMNS
from mlmodels.season_log import read_season_log, write_season_log
from mlmodels.worlds.simulator import make_cohort
from recommendations.models import WaitingDay

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()
MONDAY = TODAY - timedelta(days=TODAY.weekday() + 28)


def run(command, *args, **options):
    out, err = StringIO(), StringIO()
    call_command(command, *args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture(params=["csv", "parquet"])
def log_file(request, tmp_path):
    path = tmp_path / f"log.{request.param}"
    write_season_log(make_cohort(3, 28, seed=1, start=MONDAY), path)
    return path


def test_what_was_imported_is_exported_again_digit_for_digit(log_file, tmp_path):
    run("import_season", log_file, create_athletes=True)
    again = tmp_path / f"again{log_file.suffix}"
    run("export_season", again)
    pd.testing.assert_frame_equal(read_season_log(again), read_season_log(log_file))


def test_a_log_with_every_kind_of_gap_survives_the_round_trip(tmp_path):
    rng = np.random.default_rng(3)
    full = make_cohort(4, 28, seed=2, start=MONDAY)
    for column in COLUMNS[2:]:
        full[column] = full[column].astype(object).where(rng.random(len(full)) > 0.4, None)
    full.loc[full["load_au"].isna() | (full["load_au"] == 0), "high_intensity_share"] = None
    full["sleep_h"] = pd.to_numeric(full["sleep_h"]) + 1 / 3
    source, again = tmp_path / "source.parquet", tmp_path / "again.parquet"
    write_season_log(full.drop(index=[5, 40]).infer_objects(), source)
    run("import_season", source, create_athletes=True)
    run("export_season", again)
    pd.testing.assert_frame_equal(read_season_log(again), read_season_log(source))


def test_importing_again_changes_nothing_and_no_phone_rings(log_file):
    out, _ = run("import_season", log_file, create_athletes=True, squad="Winter")
    assert out.splitlines()[-1].split() == ["3", "athletes", "84", "84", "0", "84"]
    assert Membership.objects.filter(squad__name="Winter").count() == 3
    assert set(WaitingDay.objects.values_list("rings", flat=True)) == {False}
    WaitingDay.objects.all().delete()
    revised = list(Day.objects.values_list("pk", "revised_at"))
    out, _ = run("import_season", log_file)
    assert out.splitlines()[-1].split() == ["3", "athletes", "84", "0", "0", "0"]
    assert list(Day.objects.values_list("pk", "revised_at")) == revised
    assert not WaitingDay.objects.exists()


def test_a_corrected_row_changes_its_day_alone(log_file):
    run("import_season", log_file, create_athletes=True)
    log = read_season_log(log_file)
    log.loc[3, "load_au"] = 777.0
    log.loc[3, "rest_day"] = 0
    write_season_log(log, log_file)
    WaitingDay.objects.all().delete()
    out, _ = run("import_season", log_file)
    assert out.splitlines()[-1].split() == ["3", "athletes", "84", "0", "1", "1"]
    assert list(WaitingDay.objects.values_list("date", flat=True)) == [log["date"][3].date()]
    assert Day.objects.get(athlete__display_name=log["athlete"][3], date=log["date"][3]).load_au == 777.0


def test_every_bad_cell_is_named_and_the_athlete_is_left_out_whole(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(
        "athlete,date,hrv_rmssd_ms,sleep_h,load_au\n"
        f"Ada,{TODAY},61.5,7.5,\n"
        f"Ben,{TODAY},0,7.5,\n"
        f"Ben,{TODAY - timedelta(days=1)},60,450,300\n"
        f'Cy,{TODAY},"61,5",7,\n'
    )
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("import_season", path, create_athletes=True, stdout=out, stderr=err)
    assert str(refusal.value) == "2 athlete(s) left out: Ben, Cy"
    places = [line.removeprefix("log.csv: ").split(":")[0] for line in err.getvalue().splitlines() if "line" in line]
    assert places == ["line 3, hrv_rmssd_ms", "line 4, sleep_h", "line 5, hrv_rmssd_ms"]
    assert list(Athlete.objects.values_list("display_name", flat=True)) == ["Ada"]
    assert list(SeasonDay.objects.values_list("athlete__display_name", flat=True)) == ["Ada"]


def test_check_says_what_is_wrong_and_stores_nothing(log_file):
    out, _ = run("import_season", log_file, create_athletes=True, check=True)
    assert out.splitlines()[-2].split() == ["3", "athletes", "84", "84", "0", "84"]
    assert out.splitlines()[-1] == "3 athletes, 84 rows can be imported"
    assert not Athlete.objects.exists()


def test_names_are_matched_not_guessed(log_file):
    with pytest.raises(CommandError, match="3 athlete"):
        run("import_season", log_file)
    assert not SeasonDay.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"athlete;day\nA;1\n"])
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"log\.csv"):
        run("import_season", path)


def test_days_that_have_not_been_are_refused(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(f"athlete,date,load_au\nAda,{TODAY + timedelta(days=3)},300\n")
    with pytest.raises(CommandError, match="Ada"):
        run("import_season", path, create_athletes=True)
    assert not Athlete.objects.exists()


def test_a_squads_export_can_hide_who_they_are(log_file, tmp_path, alice):
    run("import_season", log_file, create_athletes=True, squad="Winter")
    path = tmp_path / "out.csv"
    run("export_season", path, squad="Winter", pseudonyms=True)
    assert sorted(read_season_log(path)["athlete"].unique()) == ["athlete-001", "athlete-002", "athlete-003"]
    with pytest.raises(CommandError, match="no athlete"):
        run("export_season", tmp_path / "summer.csv", squad="Summer")
    with pytest.raises(CommandError, match=r"out\.csv exists\. Nothing was written"):
        run("export_season", path, squad="Winter")
    run("export_season", path, squad="Winter", overwrite=True)
    assert len(read_season_log(path)["athlete"].unique()) == 3


def test_the_demo_is_never_loaded_into_production(settings):
    settings.EMBEDDED = False
    with pytest.raises(CommandError):
        run("load_demo")
    assert not Athlete.objects.exists()


HEADER = "athlete,date,hrv_rmssd_ms"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (HEADER + "\n", "log.csv holds a header and no rows"),
        ("", "log.csv lacks the column(s) athlete, date"),
        ("athlete;date;HRV\nAlice;2026-05-01;61\n", "log.csv: 'HRV' does not say whether it is rMSSD"),
    ],
)
@pytest.mark.parametrize("command", ["import_season", "fit_twin"])
def test_a_file_of_another_kind_is_refused_in_words_and_named_once(tmp_path, command, text, refusal):
    path = tmp_path / "log.csv"
    path.write_text(text)
    options = {"check": True} if command == "import_season" else {"out": tmp_path / "twin.json"}
    with pytest.raises(CommandError) as refused:
        run(command, path, **options)
    assert refusal in str(refused.value)
    assert str(refused.value).count("log.csv") == 1


def test_an_absent_column_is_named(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "\nAlice,2026-05-01,61\n")
    out, _ = run("import_season", path, check=True, create_athletes=True)
    assert "column load_au is absent or empty" in out
    assert "hrv_rmssd_ms" not in out
    with pytest.raises(CommandError, match="column load_au is absent or empty"):
        run("fit_twin", path, out=tmp_path / "twin.json")


# --- a coach's own table


def coachs_file(tmp_path, *lines):
    path = tmp_path / "squad.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_coachs_table_is_imported_and_says_how_it_was_read(tmp_path):
    day = TODAY.strftime("%d.%m.%Y")
    path = coachs_file(tmp_path, "Name;Datum;HRV;Schlaf;Notizen", f"Ada;{day};61,5;7:30;müde")
    with pytest.raises(CommandError, match='"HRV=hrv_rmssd_ms", or --ignore "HRV"'):
        run("import_season", path, create_athletes=True)
    assert not Athlete.objects.exists()
    out, _ = run("import_season", path, "--create-athletes", "--column", "HRV=hrv_rmssd_ms")
    assert out.splitlines()[:2] == [
        "read 'Name' as athlete, 'Datum' as date, 'HRV' as hrv_rmssd_ms, 'Schlaf' as sleep_h",
        "columns that are not used: 'Notizen'",
    ]
    assert list(SeasonDay.objects.values_list("date", "hrv_rmssd_ms", "sleep_h")) == [(TODAY, 61.5, 7.5)]


def test_names_of_any_script_are_people_of_their_own_and_found_again_by_name(tmp_path):
    names = ["Иван", "Пётр", "Jose", "José", "李娜", "@anna"]
    path = coachs_file(tmp_path, "Name,Date,Load", *(f"{name},{TODAY},{n}00" for n, name in enumerate(names, 1)))
    path.write_text(path.read_text().replace("@anna", "'@anna"))
    run("import_season", path, create_athletes=True)
    assert sorted(Athlete.objects.values_list("display_name", flat=True)) == sorted(names)
    addresses = set(Athlete.objects.values_list("user__email", flat=True))
    assert len(addresses) == 6
    assert {address.partition("@")[2] for address in addresses} == {"season-log.invalid"}
    decomposed = coachs_file(tmp_path, "Name,Date,Load", f"Jose\u0301,{TODAY},500")
    out, _ = run("import_season", decomposed, create_athletes=True)
    assert out.splitlines()[-2].split() == ["1", "athletes", "1", "0", "1", "1"]
    assert SeasonDay.objects.get(athlete__display_name="José").load_au == 500.0


def test_what_check_refuses_is_what_the_import_refuses_and_check_leaves_nothing_behind(tmp_path, alice):
    later = TODAY + timedelta(days=3)
    path = coachs_file(
        tmp_path,
        "Name,Date,Load",
        f"Ada,{later},300",
        f"Alice,{TODAY},300",
        f"alice@example.org,{TODAY},200",
        f"{'x' * 81},{TODAY},100",
        f"Zoe,{TODAY},50",
    )
    WaitingDay.objects.all().delete()
    said = []
    for check in (True, False):
        out, err = StringIO(), StringIO()
        with pytest.raises(CommandError, match=r"3 athlete\(s\) left out: Ada, alice@example.org, xxx"):
            call_command("import_season", path, create_athletes=True, squad="New", check=check, stdout=out, stderr=err)
        said.append((err.getvalue(), out.getvalue().splitlines()[:4]))
        stored = (Athlete.objects.count(), SeasonDay.objects.count(), Squad.objects.filter(name="New").count())
        assert stored == ((1, 0, 0) if check else (2, 2, 1))
        assert WaitingDay.objects.exists() is not check
    assert said[0] == said[1]
    assert said[0][0].splitlines()[-2:] == [
        f"squad.csv: Ada has rows after today, up to {later}",
        "squad.csv: alice@example.org is the same athlete as Alice; use one name",
    ]


def test_an_unknown_athlete_does_not_pass_the_check(log_file):
    with pytest.raises(CommandError, match="3 athlete"):
        run("import_season", log_file, check=True)


def test_an_account_without_athlete_keeps_its_address(tmp_path, charlie):
    path = coachs_file(tmp_path, "Name,Date,Load", f"{charlie.email},{TODAY},300")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="1 athlete"):
        call_command("import_season", path, create_athletes=True, check=True, stdout=out, stderr=err)
    assert f"would need the address {charlie.email}, which another account has" in err.getvalue()


def test_a_column_option_must_name_header_and_column(tmp_path):
    with pytest.raises(CommandError, match="is not like"):
        run("import_season", coachs_file(tmp_path, "Name,Date"), "--column", "HRV")
