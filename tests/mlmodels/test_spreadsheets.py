"""A coach's own table: what is understood, what is asked, and what is never guessed."""

import datetime as dt

import openpyxl
import pytest

from mlmodels.season_log import SeasonLogError, read_log, told
from mlmodels.spreadsheets.headers import Answers

MARCH_1 = dt.date(2026, 3, 1)


def csv_log(tmp_path, *lines, encoding="utf-8", **answers):
    path = tmp_path / "log.csv"
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return read_log(path, Answers(**answers))


def xlsx_log(tmp_path, sheets, formats=None, **answers):
    """``sheets``: title -> rows; ``formats``: a cell's address -> how the workbook shows it, on the first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    for address, shown in (formats or {}).items():
        book.worksheets[0][address].number_format = shown
    book.save(tmp_path / "log.xlsx")
    return read_log(tmp_path / "log.xlsx", Answers(**answers))


def rows(log, *columns):
    """Of each row the athlete, the day of the month and the columns; no problem may be left."""
    assert [str(problem) for problem in log.problems] == []
    frame = log.frame.assign(date=log.frame["date"].dt.day)
    return [tuple(None if v != v else v for v in row) for row in frame[["athlete", "date", *columns]].to_numpy()]


def days(*dates):
    return [f"Ada,{date},61" for date in dates]


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_text_and_any_separator_that_excel_writes_is_read(tmp_path, encoding, separator):
    lines = [
        separator.join(row) for row in (["Name", "Datum", "Größe", "rMSSD"], ["Zoë", "2026-03-01", "1,80 m", "61"])
    ]
    lines = [line.replace("1,80 m", '"1,80 m"') for line in lines]
    log = csv_log(tmp_path, *lines, encoding=encoding)
    assert rows(log, "hrv_rmssd_ms") == [("Zoë", 1, 61.0)]
    assert log.notes == ["columns that are not used: 'Größe'"]


def test_a_separator_line_empty_edges_and_empty_rows_are_passed_over(tmp_path):
    log = csv_log(
        tmp_path, "sep=;", ";;;;", ";Name;Date;rMSSD;;", ";;;;;", ";Ada;2026-03-01;61;;", ";Ben;2026-03-01;x9"
    )
    assert [str(problem) for problem in log.problems] == [
        "line 6, hrv_rmssd_ms: 'x9' is not a number; leave what is not known empty"
    ]
    assert log.frame["athlete"].tolist() == ["Ada"]


def test_typed_cells_of_a_workbook_are_read(tmp_path):
    log = xlsx_log(
        tmp_path,
        {
            "Season": [
                ["Squad 2026"],
                [],
                ["Name", "Date", "rMSSD (ms)", "Sleep", "Ill", "High intensity", "400 m", "Load", "Sleep score"],
                ["Ada", MARCH_1, 61.25, dt.time(7, 30), True, 0.3, 52.31, 1050, "85 %"],
                ["Ada", dt.datetime(2026, 3, 2), 60, dt.timedelta(hours=8), False, "30 %", "0:52.31", "", None],
                ["Ada", 46084, None, "7h30", "x", None, None, None, None],
            ],
            "Legend": [["Ill", "x = yes"]],
        },
        {"F4": "0%"},
    )
    columns = ("hrv_rmssd_ms", "sleep_h", "ill", "high_intensity_share", "t400_s", "load_au", "sleep_score")
    assert rows(log, *columns) == [
        ("Ada", 1, 61.25, 7.5, 1.0, 0.3, 52.31, 1050.0, 85.0),
        ("Ada", 2, 60.0, 8.0, 0.0, 0.3, 52.31, None, None),
        ("Ada", 3, None, 7.5, 1.0, None, None, None, None),
    ]
    assert log.notes == ["sheets that are not used: 'Legend'"]


def test_a_problem_of_a_workbook_names_sheet_and_row(tmp_path):
    header, good = ["Date", "rMSSD"], [MARCH_1, 61]
    log = xlsx_log(tmp_path, {"Ada": [header, good], "Ben": [["Ben"], header, good, [dt.date(2026, 3, 2), "high"]]})
    assert list(told(log.problems)) == [
        "sheet 'Ben', line 4, hrv_rmssd_ms: 'high' is not a number; leave what is not known empty (Ben)"
    ]
    assert log.frame["athlete"].tolist() == ["Ada"]


# --- headers ----------------------------------------------------------------------------------------------------------

HEADERS = [
    "NAME;DATE;HRV (rMSSD) [ms];Sleep duration (min);Load (AU);Rest day",
    "Sportler;Datum;rMSSD;Schlaf (Min.);Belastung;Ruhetag",
    "Nom;Date;VFC rMSSD;Sommeil (min);Charge d’entraînement;Jour de repos",
    "Atleta;Fecha;HRV_rMSSD;Sueño [minutos];Carga;Día de descanso",
    "姓名;日期;心率变异性（rMSSD）;睡眠（分钟）;训练负荷;休息日",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_are_understood_in_five_languages_with_their_units(tmp_path, header):
    log = csv_log(tmp_path, header, "Ada;2026-03-01;61;450;;yes")
    assert rows(log, "hrv_rmssd_ms", "sleep_h", "load_au", "rest_day") == [("Ada", 1, 61.0, 7.5, None, 1.0)]
    assert log.notes == []


def test_extra_columns_are_named_and_sdnn_is_never_rmssd(tmp_path):
    log = csv_log(tmp_path, "Name,Date,SDNN,HRV 7d,Notes,load", "Ada,2026-03-01,90,60,tired,300")
    assert rows(log, "hrv_rmssd_ms", "load_au") == [("Ada", 1, None, 300.0)]
    assert log.notes == [
        "columns that are not used: 'SDNN', 'HRV 7d', 'Notes' "
        "(SDNN is another measure than rMSSD and is never converted)"
    ]
    with pytest.raises(SeasonLogError, match="SDNN is another measure"):
        csv_log(tmp_path, "Name,Date,SDNN", "Ada,2026-03-01,90", columns={"SDNN": "hrv_rmssd_ms"})


def asked(tmp_path, *lines, **answers):
    with pytest.raises(SeasonLogError) as refusal:
        csv_log(tmp_path, *lines, **answers)
    return [str(problem) for problem in refusal.value.problems]


def test_what_a_header_leaves_open_is_asked_all_at_once_with_the_options_that_answer(tmp_path):
    lines = ["Name,Date,HRV,Sleep,Load (min)", "Ada,2026-03-01,61,7,60"]
    assert asked(tmp_path, *lines) == [
        'log.csv: \'HRV\' does not say whether it is rMSSD: --column "HRV=hrv_rmssd_ms", or --ignore "HRV"',
        "log.csv: 'Sleep' may be hours, minutes or a score: --column \"Sleep=sleep_h\" (or sleep_min, sleep_score), "
        'or --ignore "Sleep"',
        "log.csv: 'Load (min)': load_au is not measured in min: --ignore \"Load (min)\"",
    ]
    answers = {"HRV": "hrv_rmssd_ms", "sleep": "sleep_h", "Load (min)": ""}
    assert rows(csv_log(tmp_path, *lines, columns=answers), "hrv_rmssd_ms", "sleep_h", "load_au") == [
        ("Ada", 1, 61.0, 7.0, None)
    ]
    assert asked(tmp_path, *lines, columns={"HRV": "hrv"}) == ["log.csv: hrv is no column of a season log"]


def test_two_columns_of_one_meaning_are_asked_about(tmp_path):
    assert asked(tmp_path, "Name,Date,rMSSD,HRV (rMSSD)", "Ada,2026-03-01,61,62") == [
        "log.csv: repeats the column(s) hrv_rmssd_ms ('rMSSD', 'HRV (rMSSD)'): --ignore \"HRV (rMSSD)\""
    ]
    assert asked(tmp_path, "Name,Date,Load,Load", "Ada,2026-03-01,1,2") == [
        "log.csv: repeats the column(s) load_au ('Load', 'Load'): give each a name of its own"
    ]


def test_an_answer_to_a_column_that_is_not_there_is_refused(tmp_path):
    lines = ["Name,Date,Load", "Ada,2026-03-01,300"]
    assert asked(tmp_path, *lines, columns={"Lod": "load_au"}) == ["log.csv: has no column 'Lod'"]


@pytest.mark.parametrize(("cells", "hours"), [(["7:30", "8h"], [7.5, 8.0]), (["07:15:00", "NA"], [7.25, None])])
def test_hours_written_as_hours_say_what_sleep_means(tmp_path, cells, hours):
    log = csv_log(tmp_path, "Name,Date,Sleep", *(f"Ada,2026-03-0{n},{cell}" for n, cell in enumerate(cells, 1)))
    assert [row[2] for row in rows(log, "sleep_h")] == hours


def test_bedtimes_are_no_hours_of_sleep(tmp_path):
    (question,) = asked(tmp_path, "Name,Date,Sleep", "Ada,2026-03-01,22:45", "Ada,2026-03-02,23:10")
    assert "'Sleep' may be hours" in question


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "loads"),
    [
        (["1,050", "300.5"], [1050.0, 300.5]),
        (["1.050", "300,5"], [1050.0, 300.5]),
        (["1.050,5", "7"], [1050.5, 7.0]),
        (["1,050.5", "7"], [1050.5, 7.0]),
        (["1 050,5", "1'050"], [1050.5, 1050.0]),
        (["0,525", "300"], [0.525, 300.0]),
        (["1\u202f050", "300"], [1050.0, 300.0]),
    ],
)
def test_the_whole_file_says_what_a_comma_is(tmp_path, cells, loads):
    log = csv_log(tmp_path, "Name;Date;Load", *(f"Ada;2026-03-0{n};{cell}" for n, cell in enumerate(cells, 1)))
    assert [row[2] for row in rows(log, "load_au")] == loads


@pytest.mark.parametrize("cell", ["1,050", "1.050"])
def test_a_thousand_that_may_be_a_decimal_is_asked(tmp_path, cell):
    lines = ["Name;Date;Load", f"Ada;2026-03-01;{cell}", "Ada;2026-03-02;300"]
    assert asked(tmp_path, *lines) == [
        f"log.csv: '{cell}' may be a thousand or a decimal: --decimal comma, or --decimal point"
    ]
    as_decimal = {"1,050": "comma", "1.050": "point"}[cell]
    other = {"comma": "point", "point": "comma"}[as_decimal]
    assert rows(csv_log(tmp_path, *lines, decimal=as_decimal), "load_au")[0][2] == 1.05
    assert rows(csv_log(tmp_path, *lines, decimal=other), "load_au")[0][2] == 1050.0


def test_a_said_decimal_sign_against_the_file_is_refused(tmp_path):
    lines = ["Name;Date;Load", "Ada;2026-03-01;300.5"]
    assert asked(tmp_path, *lines, decimal="comma") == [
        "log.csv: --decimal comma is said, and the file has numbers with a decimal point"
    ]


def test_a_workbooks_numbers_have_no_sign_to_decide(tmp_path):
    table = [["Name", "Date", "Load"], ["Ada", MARCH_1, 1.234], ["Ada", dt.date(2026, 3, 2), "300,5"]]
    assert [row[2] for row in rows(xlsx_log(tmp_path, {"Season": table}), "load_au")] == [1.234, 300.5]


@pytest.mark.parametrize("empty", ["NA", "NaN", "-", "–", "n/a", "N/A", "#N/A", "#NV", "k.A.", "null", " "])
def test_the_ways_to_say_nothing_are_empty(tmp_path, empty):
    assert rows(csv_log(tmp_path, "Name,Date,Load,Ill", f"Ada,2026-03-01,{empty},{empty}"), "load_au", "ill") == [
        ("Ada", 1, None, None)
    ]


@pytest.mark.parametrize(
    ("yes", "no"), [("TRUE", "FALSE"), ("VRAI", "FAUX"), ("WAHR", "FALSCH"), ("Ja", "Nein"), ("yes", "No"), ("x", "0"),
                    ("sí", "no"), ("是", "否"), ("Oui", "non")]
)  # fmt: skip
def test_yes_and_no_are_understood(tmp_path, yes, no):
    log = csv_log(tmp_path, "Name,Date,Ill", f"Ada,2026-03-01,{yes}", f"Ada,2026-03-02,{no}", "Ada,2026-03-03,")
    assert [row[2] for row in rows(log, "ill")] == [1.0, 0.0, None]


def test_a_word_for_yes_is_no_load(tmp_path):
    log = csv_log(tmp_path, "Name,Date,Load", "Ada,2026-03-01,TRUE")
    assert "'TRUE' is not a number" in str(log.problems[0])


def test_percent_may_stand_in_the_cell_or_in_the_header(tmp_path):
    log = csv_log(tmp_path, "Name,Date,High intensity", "Ada,2026-03-01,30 %", "Ada,2026-03-02,0.3")
    assert [row[2] for row in rows(log, "high_intensity_share")] == [0.3, 0.3]
    log = csv_log(tmp_path, "Name,Date,High intensity (%)", "Ada,2026-03-01,30")
    assert [row[2] for row in rows(log, "high_intensity_share")] == [0.3]


@pytest.mark.parametrize(
    ("cell", "seconds"), [("0:52.31", 52.31), ("0:52,31", 52.31), ("1:02.5", 62.5), ("52.31", 52.31)]
)
def test_a_time_over_400_m_is_seconds(tmp_path, cell, seconds):
    log = csv_log(tmp_path, "Name;Date;400 m;Load", f"Ada;2026-03-01;{cell};300")
    assert rows(log, "t400_s") == [("Ada", 1, seconds)]


# --- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dates",
    [
        ["01/03/2026", "13/03/2026"],
        ["03/01/2026", "03/13/2026"],
        ["1/3/26", "13/3/26"],
        ["01.03.2026", "13.03.2026"],
        ["1.3.26", "13.3.26"],
        ["2026/03/01", "2026年3月13日"],
        ["46082", "46094"],
        ["20260301", "2026-03-13 07:30"],
        ["So, 01.03.2026", "1. März 2026", "13 March 2026"],
        ["1 mars 2026", "13-Mar-26"],
        ["Mar 1, 2026", "01-03-2026", "13-03-2026"],
    ],
)
def test_dates_are_read_by_the_whole_column(tmp_path, dates):
    lines = [f"P{n};{date};61" for n, date in enumerate(dates)]
    found = {row[1] for row in rows(csv_log(tmp_path, "Name;Date;rMSSD", *lines))}
    assert found == {1, 13}


def test_dates_that_may_be_two_days_are_asked(tmp_path):
    lines = ["Name,Date,rMSSD", *days("03/04/2026", "04/04/2026")]
    assert asked(tmp_path, *lines) == [
        "log.csv: '03/04/2026' may be two dates: --dates day-first, or --dates month-first"
    ]
    by = {
        order: csv_log(tmp_path, *lines, dates=order).frame["date"].dt.month for order in ("day-first", "month-first")
    }
    assert {order: months.tolist() for order, months in by.items()} == {"day-first": [4, 4], "month-first": [3, 4]}


def test_dates_of_both_orders_are_refused_and_a_said_order_must_fit(tmp_path):
    assert asked(tmp_path, "Name,Date,rMSSD", *days("13/03/2026", "03/14/2026")) == [
        "log.csv: has dates with the day first and others with the month first; make them one kind"
    ]
    assert asked(tmp_path, "Name,Date,rMSSD", *days("13/03/2026"), dates="month-first") == [
        "log.csv: --dates month-first is said, and the file has dates that are not"
    ]


def test_text_dates_beside_real_ones_are_suspected_of_swapped_days(tmp_path):
    table = [["Name", "Date", "rMSSD"], ["Ada", MARCH_1, 61], ["Ada", "13/03/2026", 62]]
    with pytest.raises(SeasonLogError, match="beside real dates"):
        xlsx_log(tmp_path, {"Season": table})
    assert [row[1] for row in rows(xlsx_log(tmp_path, {"Season": table}, dates="day-first"))] == [1, 13]


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_rpe_and_minutes_are_a_load_and_sessions_of_a_date_are_added_up(tmp_path):
    log = csv_log(
        tmp_path,
        "Name,Date,RPE,Duration (min),rMSSD",
        "Ada,2026-03-01,5,60,61",
        "Ada,2026-03-01,7,1:30,",
        "Ada,2026-03-02,4,,60",
        "Ada,2026-03-03,,,59",
    )
    assert rows(log, "load_au", "hrv_rmssd_ms") == [
        ("Ada", 1, 930.0, 61.0),
        ("Ada", 2, None, 60.0),
        ("Ada", 3, None, 59.0),
    ]
    assert log.notes == ["load_au is RPE x minutes (session RPE, Foster); sessions of a date are added up"]


def test_where_a_load_column_is_there_it_counts_and_a_date_stands_once(tmp_path):
    log = csv_log(tmp_path, "Name,Date,RPE,Minutes,Load", "Ada,2026-03-01,5,60,280", "Ada,2026-03-01,7,90,500")
    assert [str(problem) for problem in log.problems] == ["line 3, date: '2026-03-01' appears twice for this athlete"]
    assert log.notes == ["RPE is not used: the load column counts"]


def test_borgs_older_scale_and_words_are_no_rpe(tmp_path):
    (refusal,) = asked(tmp_path, "Name,Date,RPE,Minutes", "Ada,2026-03-01,15,60")
    assert "loads are made of RPE from 0 to 10" in refusal
    log = csv_log(tmp_path, "Name,Date,RPE,Minutes", "Ada,2026-03-01,hard,60")
    assert "load_au: 'hard x 60' is not a number" in str(log.problems[0])


def test_a_length_without_unit_is_asked_where_it_makes_the_load(tmp_path):
    lines = ["Name,Date,RPE,Dauer", "Ada,2026-03-01,5,60"]
    (question,) = asked(tmp_path, *lines)
    assert question.endswith('--column "Dauer=duration_min" (or duration_h), or --ignore "Dauer"')
    assert rows(csv_log(tmp_path, *lines, columns={"Dauer": "duration_min"}), "load_au") == [("Ada", 1, 300.0)]


# --- names and layouts ------------------------------------------------------------------------------------------------


def test_names_of_any_script_are_people_and_accents_are_composed(tmp_path):
    names = ["Иван", "Пётр", "Jose", "José", "Jose\u0301 ", "李娜"]
    log = csv_log(tmp_path, "Name,Date,rMSSD", *(f"{name},2026-03-0{n},61" for n, name in enumerate(names, 1)))
    assert [row[:2] for row in rows(log)] == [
        ("Jose", 3),
        ("José", 4),
        ("José", 5),
        ("Иван", 1),
        ("Пётр", 2),
        ("李娜", 6),
    ]


def test_given_and_family_names_are_one_name(tmp_path):
    log = csv_log(tmp_path, "Vorname;Nachname;Datum;rMSSD", "Ada;Lo;01.03.2026;61", "Ada;Ro;01.03.2026;62")
    assert rows(log, "hrv_rmssd_ms") == [("Ada Lo", 1, 61.0), ("Ada Ro", 1, 62.0)]
    log = csv_log(tmp_path, "Name,First name,Date,rMSSD", "Lo Ada,Ada,2026-03-01,61")
    assert rows(log, "hrv_rmssd_ms") == [("Lo Ada", 1, 61.0)]


def test_a_long_name_is_refused_before_anything_is_imported(tmp_path):
    log = csv_log(tmp_path, "Name,Date,rMSSD", f"{'a' * 81},2026-03-01,61", f"{'b' * 80},2026-03-01,61")
    assert log.problems[0].message.endswith("... is longer than 80 characters; write a shorter name")
    assert log.frame["athlete"].tolist() == ["b" * 80]


WIDE = [
    ["Date", "Ada", "Ben", "Average"],
    [MARCH_1, 61, 70, 65.5],
    [dt.date(2026, 3, 2), None, 71, 71],
    ["Average", 61, 70.5],
]
WIDE_ROWS = [("Ada", 1, 61.0), ("Ben", 1, 70.0), ("Ben", 2, 71.0)]


def test_athletes_as_columns_are_read_where_the_measure_is_said(tmp_path):
    assert rows(xlsx_log(tmp_path, {"HRV (rMSSD)": WIDE}), "hrv_rmssd_ms") == WIDE_ROWS
    assert rows(xlsx_log(tmp_path, {"2026": WIDE}, values="hrv_rmssd_ms"), "hrv_rmssd_ms") == WIDE_ROWS
    assert rows(xlsx_log(tmp_path, {"2026": [["rMSSD [ms]"], *WIDE]}), "hrv_rmssd_ms") == WIDE_ROWS
    with pytest.raises(SeasonLogError, match="say what the cells are: --values hrv_rmssd_ms"):
        xlsx_log(tmp_path, {"2026": WIDE})
    with pytest.raises(SeasonLogError, match="say what the cells are: --values hrv_rmssd_ms"):
        xlsx_log(tmp_path, {"HRV": WIDE})


BOTH = [("Ada", 1, 61.0, 300.0), ("Ben", 1, 70.0, None)]


@pytest.mark.parametrize(
    "headers",
    [
        [["", "Ada", None, "Ben", None], ["Date", "rMSSD", "Load", "rMSSD", "Load"]],
        [["Date", "Ada", None, "Ben", None], [None, "rMSSD", "Load", "rMSSD", "Load"]],
    ],
)
def test_a_second_header_row_says_the_measure(tmp_path, headers):
    assert rows(xlsx_log(tmp_path, {"S": [*headers, [MARCH_1, 61, 300, 70, None]]}), "hrv_rmssd_ms", "load_au") == BOTH


def test_measures_above_the_names_and_a_sheet_for_each_measure_are_one_row_a_date(tmp_path):
    headers = [["", "rMSSD", None, "Load", None], ["Date", "Ada", "Ben", "Ada", "Ben"]]
    assert rows(xlsx_log(tmp_path, {"S": [*headers, [MARCH_1, 61, 70, 300, None]]}), "hrv_rmssd_ms", "load_au") == BOTH
    sheets = {
        "rMSSD": [["Date", "Ada", "Ben"], [MARCH_1, 61, 70]],
        "Load": [["Date", "Ada", "Ben"], [MARCH_1, 300, None]],
    }
    assert rows(xlsx_log(tmp_path, sheets), "hrv_rmssd_ms", "load_au") == BOTH


def test_a_sheet_for_each_athlete_is_hers_by_its_title(tmp_path):
    sheets = {name: [["Datum", "rMSSD"], [MARCH_1, value]] for name, value in (("Ada", 61), ("Ben", 70))}
    assert rows(xlsx_log(tmp_path, sheets), "hrv_rmssd_ms") == [("Ada", 1, 61.0), ("Ben", 1, 70.0)]
    with pytest.raises(SeasonLogError, match="in the sheet 'Sheet2': say whose rows they are"):
        xlsx_log(tmp_path, {"Ada": sheets["Ada"], "Sheet2": sheets["Ben"]})


def test_a_file_of_one_athlete_takes_her_name_from_the_option(tmp_path):
    lines = ["Date,rMSSD,Runner-ID", "2026-03-01,61,7"]
    assert asked(tmp_path, *lines) == [
        'log.csv: lacks the column(s) athlete: say whose rows they are, --athlete "NAME", or which column says it, '
        '--column "Runner-ID=athlete"'
    ]
    assert rows(csv_log(tmp_path, *lines, athlete="Ada"), "hrv_rmssd_ms") == [("Ada", 1, 61.0)]


def test_one_wrong_column_is_one_line(tmp_path):
    lines = [f"P{n % 9},2026-03-{n:02},high" for n in range(1, 21)]
    log = csv_log(tmp_path, "Name,Date,rMSSD", *lines)
    assert list(told(log.problems)) == [
        "line 2, hrv_rmssd_ms: 'high' is not a number; leave what is not known empty; so are 19 more cells of the "
        "column, in line 3, 4, 5, 6, 7, ... (P1, P2, P3, P4, P5, ...)"
    ]


def test_a_table_whose_second_header_row_hides_the_date_column_is_still_read_or_refused(tmp_path):
    (problem,) = csv_log(tmp_path, "Date,Ada", "61,RPE", "x,Minutes", athlete="Ada").problems[:1]
    assert problem.column == "date"
