"""Season logs: what is read, and what is refused in which words."""

import csv
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from measures.season_columns import COLUMNS
from mlmodels.season_log import (
    SeasonLogError,
    as_cells,
    check_season_log,
    doubts,
    read_good_athletes,
    read_season_log,
    scan,
    write_season_log,
)

HEADER = "athlete,date,hrv_rmssd_ms,sleep_score,sleep_h,load_au,t400_s,timing,action"


def csv_file(tmp_path, *lines, header=HEADER, name="log.csv", newline="\n", bom=False):
    path = tmp_path / name
    text = newline.join([header, *lines, ""])
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode())
    return path


def cohort(days=40):
    rng = np.random.default_rng(3)
    rows = []
    for athlete in ("alice", "bob"):
        for day in range(days):
            rows.append(
                {
                    "athlete": athlete,
                    "date": pd.Timestamp("2026-03-01") + pd.Timedelta(days=day),
                    "hrv_rmssd_ms": rng.choice([np.nan, rng.uniform(30, 90)]),
                    "sleep_score": rng.uniform(40, 100),
                    "sleep_h": rng.uniform(5, 9),
                    "load_au": rng.choice([np.nan, 0.0, rng.uniform(50, 700)]),
                    "high_intensity_share": rng.uniform(0, 0.6),
                    "rest_day": float(rng.integers(0, 1)),
                    "t400_s": rng.choice([np.nan, rng.uniform(47, 55)]),
                    "timing": rng.choice(["", "fat", "hand"]),
                    "ill": float(rng.integers(0, 2)),
                    "injured": 0.0,
                    "planned_load_au": rng.uniform(0, 600),
                    "planned_high_intensity_share": rng.uniform(0, 0.6),
                    "action": float(rng.integers(0, 4)),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_what_is_written_is_read_back_digit_for_digit(tmp_path, name):
    written = cohort()
    write_season_log(written, tmp_path / name)
    read = read_season_log(tmp_path / name)
    assert list(read.columns) == list(COLUMNS)
    for column in COLUMNS:
        if read[column].dtype == np.float64:
            assert np.array_equal(read[column], written[column], equal_nan=True), column
        else:
            assert read[column].tolist() == written[column].tolist(), column


@settings(max_examples=50, deadline=None)
@given(st.floats(0.001, 500))
def test_no_digit_of_a_number_is_lost(value):
    frame = pd.DataFrame({"athlete": ["a"], "date": ["2026-03-01"], "hrv_rmssd_ms": [value]})
    read, _ = check_season_log(as_cells(frame))
    assert read["hrv_rmssd_ms"].tolist() == [value]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [False, True])
def test_any_line_end_and_a_byte_order_mark_are_read(tmp_path, newline, bom):
    path = csv_file(tmp_path, "alice,2026-03-01,61.5,80,7.5,300,,,3", newline=newline, bom=bom)
    read = read_season_log(path)
    assert read[["athlete", "hrv_rmssd_ms", "action"]].to_numpy().tolist() == [["alice", 61.5, 3.0]]


def test_rows_come_back_sorted_and_missing_columns_are_all_missing(tmp_path):
    path = csv_file(tmp_path, "bob,2026-03-02,60", "alice,2026-03-02,", "", "alice,2026-03-01,70", header=HEADER[:25])
    read = read_season_log(path)
    assert read["athlete"].tolist() == ["alice", "alice", "bob"]
    assert read["date"].dt.day.tolist() == [1, 2, 2]
    assert read["load_au"].isna().all()


BAD_CELLS = [
    ("alice,March 2026,,,,,,,", "date", "'March 2026' is not a date like 2026-05-31"),
    ("alice,2026-31-01,,,,,,,", "date", "is it year-day-month?"),
    ("alice,2026-02-30,,,,,,,", "date", "is no day of the calendar"),
    ("alice,2026-W45-1,,,,,,,", "date", "is not a date"),
    ("alice,1826-03-01,,,,,,,", "date", "is not between"),
    ("alice,,,,,,,,", "date", "'' is not a date"),
    (",2026-03-01,,,,,,,", "athlete", "is empty"),
    ("=cmd(),2026-03-01,,,,,,,", "athlete", "formula"),
    ("alice,2026-03-01,=A1+1,,,,,,", "hrv_rmssd_ms", "looks like a spreadsheet formula"),
    ("alice,2026-03-01,@SUM(A1),,,,,,", "hrv_rmssd_ms", "looks like a spreadsheet formula"),
    ("alice,2026-03-01,abc,,,,,,", "hrv_rmssd_ms", "'abc' is not a number"),
    ("alice,2026-03-01,inf,,,,,,", "hrv_rmssd_ms", "is not a number"),
    ("alice,2026-03-01,1e999,,,,,,", "hrv_rmssd_ms", "outside the range"),
    ("alice,2026-03-01,1_0,,,,,,", "hrv_rmssd_ms", "is not a number"),
    ("alice,2026-03-01,0,,,,,,", "hrv_rmssd_ms", "stands for a missing value"),
    ("alice,2026-03-01,-1,,,,,,", "hrv_rmssd_ms", "stands for a missing value"),
    ("alice,2026-03-01,501,,,,,,", "hrv_rmssd_ms", "outside the range, above 0 to 500"),
    ('alice,2026-03-01,"61,5",,7.5,,,,', "hrv_rmssd_ms", "decimal comma"),
    ("alice,2026-03-01,,101,,,,,", "sleep_score", "outside the range, from 0 to 100"),
    ("alice,2026-03-01,,-1,,,,,", "sleep_score", "stands for a missing value"),
    ("alice,2026-03-01,,,435,,,,", "sleep_h", "looks like minutes; hours are wanted"),
    ("alice,2026-03-01,,,26100,,,,", "sleep_h", "looks like seconds; hours are wanted"),
    ("alice,2026-03-01,,,,18000,,,", "load_au", "looks like RPE x seconds"),
    ("alice,2026-03-01,,,,-5,,,", "load_au", "outside the range, from 0 to 12000"),
    ("alice,2026-03-01,,,,,0.82,,", "t400_s", "looks like minutes; seconds are wanted"),
    ("alice,2026-03-01,,,,,49.1,laser,", "timing", "none of fat, gates, hand"),
    ("alice,2026-03-01,,,,,,,4", "action", "outside the range, from 0 to 3"),
    ("alice,2026-03-01,,,,,,,1.5", "action", "is not a whole number"),
    ("alice,2026-03-01,60", "athlete", "this line has 3 cells, the header has 9"),
]


@pytest.mark.parametrize(("line", "column", "message"), BAD_CELLS)
def test_a_bad_cell_is_named_with_line_and_column(tmp_path, line, column, message):
    path = csv_file(tmp_path, "bob,2026-03-14,60,80,8,300,,,3", line)
    frame, problems = read_good_athletes(path)
    assert [(p.line, p.column) for p in problems] == [(3, column)]
    assert message in problems[0].message
    assert frame["athlete"].tolist() == ["bob"]
    with pytest.raises(SeasonLogError, match="line 3"):
        read_season_log(path)


def test_one_bad_cell_leaves_the_athlete_out_as_a_whole_and_all_are_named(tmp_path):
    path = csv_file(
        tmp_path,
        "alice,2026-03-01,60,,,,,,",
        "alice,2026-03-02,abc,200,,,,,",
        "bob,2026-03-01,60,,,,,,",
        "alice,2026-03-01,60,,,,,,",
    )
    frame, problems = read_good_athletes(path)
    assert frame["athlete"].tolist() == ["bob"]
    assert [(p.line, p.column, p.athlete) for p in problems] == [
        (3, "hrv_rmssd_ms", "alice"),
        (3, "sleep_score", "alice"),
        (5, "date", "alice"),
    ]
    assert problems[2].message == "'2026-03-01' appears twice for this athlete"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("hrv_rmssd_ms", 0.06, "seconds"), ("sleep_score", 0.8, "0-100 is wanted"), ("load_au", 5400, "RPE x seconds"),
     ("sleep_h", 0.33, "hours are wanted")],
)  # fmt: skip
def test_a_whole_column_in_another_unit_is_called_by_its_name(column, value, message):
    days = pd.date_range("2026-03-01", periods=5)
    frame = pd.DataFrame({"athlete": "alice", "date": days, column: value})
    good, problems = check_season_log(as_cells(frame))
    assert good.empty
    assert [(p.line, p.column) for p in problems] == [(2, column)]
    assert message in problems[0].message


def test_a_rest_day_with_a_load_is_refused():
    frame = pd.DataFrame({"athlete": ["a"], "date": ["2026-03-01"], "rest_day": [1], "load_au": [300.0]})
    assert [p.column for p in check_season_log(as_cells(frame))[1]] == ["rest_day"]


def test_a_file_whose_dates_are_year_day_month_is_refused_as_a_whole(tmp_path):
    path = csv_file(tmp_path, "alice,2026-13-03,,,,,,,", "bob,2026-05-03,,,,,,,")
    with pytest.raises(SeasonLogError, match="is it year-day-month"):
        read_good_athletes(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("athlete,hrv_rmssd_ms", "lacks the column.s. date"),
        ("athlete,date,hrv", "'hrv' does not say whether it is rMSSD"),
        ("athlete,date,date", "repeats the column.s. date"),
        ("", "lacks the column.s. athlete, date"),
    ],
)
def test_a_header_that_is_no_season_log_is_refused(tmp_path, header, message):
    with pytest.raises(SeasonLogError, match=message):
        read_season_log(csv_file(tmp_path, header=header))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("log.csv", b"\xff\xfea\x00b", "no text in utf-16"),
        ("log.xlsx", b"PK\x03\x04 but not really", "not an Excel workbook"),
        ("log.xlsx", b"athlete,date", "not an Excel workbook"),
        ("log.xls", b"\xd0\xcf\x11\xe0", "the old Excel format .xls; save it as .xlsx"),
        ("log.csv", b"athlete,date\nalice\x00,2026-03-01\n", "NUL"),
        ("log.csv", b'athlete,date\n"alice,2026-03-01\n', "line 2|unexpected end"),
        ("log.parquet", b"PAR1 but not really", "not a Parquet file"),
        ("log.parquet", b"", "not a Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SeasonLogError, match=message):
        read_season_log(tmp_path / name)


def test_the_grid_holds_a_day_without_a_row_as_missing_and_a_rest_day_as_zero():
    days = pd.DataFrame(
        {
            "athlete": ["alice", "alice", "bob"],
            "date": ["2026-03-01", "2026-03-03", "2026-03-02"],
            "load_au": [300.0, np.nan, 100.0],
            "rest_day": [np.nan, 1.0, np.nan],
            "timing": ["fat", "", "hand"],
        }
    )
    grid = scan(days)
    assert grid.athletes == ["alice", "bob"]
    assert grid.dates == [dt.date(2026, 3, d) for d in (1, 2, 3)]
    assert grid.first_day.tolist() == [0, 1]
    np.testing.assert_array_equal(grid.values["load_au"], [[300, np.nan], [np.nan, 100], [0, np.nan]])
    assert grid.values["timing"].tolist() == [[2, 0], [0, 1], [0, 0]]
    assert grid.morning(0).weekday.tolist() == [6, 6]  # a Sunday
    assert scan(days, until=dt.date(2026, 3, 2)).dates[-1] == dt.date(2026, 3, 2)


def test_a_date_that_appears_twice_has_no_grid():
    days = pd.DataFrame({"athlete": ["a", "a"], "date": ["2026-03-01"] * 2})
    with pytest.raises(SeasonLogError, match="twice"):
        scan(days)


# --- what cannot be refused and is said


def squad(tmp_path, **columns):
    """Two athletes' eight weeks with ordinary rMSSD and a load each day, but for the columns."""
    rng = np.random.default_rng(5)
    n = 112
    frame = pd.DataFrame(
        {
            "athlete": ["alice"] * 56 + ["bob"] * 56,
            "date": [pd.Timestamp("2026-03-02") + pd.Timedelta(days=day % 56) for day in range(n)],
            "hrv_rmssd_ms": np.exp(rng.normal(np.log(65), 0.17, n)),
            "load_au": rng.uniform(100, 500, n),
        }
        | {name: values(rng, n) for name, values in columns.items()}
    )
    write_season_log(frame, tmp_path / "log.csv")
    return read_season_log(tmp_path / "log.csv")


def test_an_ordinary_log_raises_no_doubt(tmp_path):
    assert doubts(squad(tmp_path)) == []


def test_sdnn_in_the_rmssd_column_is_suspected_by_its_height_and_by_its_steadiness(tmp_path):
    high = squad(tmp_path, hrv_rmssd_ms=lambda rng, n: np.exp(rng.normal(np.log(145), 0.17, n)))
    assert [doubt.partition(", high")[0] for doubt in doubts(high)] == ["the squad's median HRV is 142 ms"]
    steady = squad(tmp_path, hrv_rmssd_ms=lambda rng, n: np.exp(rng.normal(np.log(60), 0.06, n)))
    assert [doubt.partition(" from day")[0] for doubt in doubts(steady)] == ["HRV varies by 6 %"]


def test_gaps_and_a_single_athlete_are_said_and_confirmed_rest_is_no_gap(tmp_path):
    gappy = squad(tmp_path, load_au=lambda rng, n: np.where(np.arange(n) % 4 == 0, np.nan, 300.0))
    assert [doubt.partition(":")[0] for doubt in doubts(gappy)] == ["25 % of the days have no load"]
    rested = squad(
        tmp_path,
        load_au=lambda rng, n: np.where(np.arange(n) % 4 == 0, np.nan, 300.0),
        rest_day=lambda rng, n: (np.arange(n) % 4 == 0).astype(float),
    )
    assert doubts(rested) == []
    alone = gappy[(gappy["athlete"] == "alice") & gappy["load_au"].notna()]
    assert doubts(alone)[0].startswith("one athlete: ")


def test_flags_may_be_the_booleans_that_pandas_writes(tmp_path):
    path = tmp_path / "log.csv"
    frame = cohort(3).astype({"ill": bool, "injured": bool, "rest_day": bool})
    frame.to_csv(path, index=False)
    assert "True" in path.read_text()

    read = read_season_log(path)

    assert read[["ill", "injured"]].to_numpy().tolist() == frame[["ill", "injured"]].to_numpy(dtype=float).tolist()


def test_a_boolean_is_no_load(tmp_path):
    path = csv_file(tmp_path, "alice,2026-03-01,,,,True,,,")

    with pytest.raises(SeasonLogError, match=r"load_au.*'True' is not a number"):
        read_season_log(path)


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+49 Anna", "-Anna", "@anna", "'=anna", "''@x", "O'Neill", "'quoted"]
)
def test_a_name_like_a_formula_is_harmless_in_the_file_and_the_same_when_it_is_read(tmp_path, name):
    frame = pd.DataFrame({"athlete": [name], "date": [pd.Timestamp("2026-03-01")], "load_au": [300.0]})
    write_season_log(frame, tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(newline="") as file:
        cell = list(csv.reader(file))[1][0]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert list(read_season_log(tmp_path / "log.csv")["athlete"]) == [name]
