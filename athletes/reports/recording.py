"""Records written in sets: which version wins, which day each belongs to, what is doubted. The same for one and 5,000.

What is stored is a function of the records alone, not of the order in which they came: dates and doubts of everything
near a changed record are derived again.
"""

from collections.abc import Sequence
from datetime import date, datetime

from athletes.models import Athlete
from athletes.reports import doubting, filing, unrated, versions
from athletes.reports.records import Outcome, Refused, Sent
from athletes.reports.sheet import Sheet


def apply(
    athlete: Athlete, batch: Sequence[Sent], now: datetime, *, anew: bool = False
) -> tuple[list[Outcome | Refused], set[date]]:
    """What became of each, and the dates whose reports changed. Call it holding the athlete's lock."""
    sheet = Sheet(athlete, now)
    sheet.read(sent.key for sent in batch)
    statuses = [status_or_refusal(sheet, sent, anew=anew) for sent in batch]
    touched = write(sheet)
    outcomes = [
        said if isinstance(said, Refused) else Outcome(said, sheet.rows.get(sent.key), touched)
        for sent, said in zip(batch, statuses, strict=True)
    ]
    return outcomes, touched


def status_or_refusal(sheet: Sheet, sent: Sent, *, anew: bool) -> str | Refused:
    try:
        return versions.put(sheet, sent, anew=anew)
    except Refused as refusal:
        return refusal


def write(sheet: Sheet) -> set[date]:
    """Derive dates, doubts and loads again, write what changed. The dates whose reports changed."""
    filing.file_sleep(sheet)
    filing.file_readings(sheet)
    filing.file_sessions(sheet)
    doubting.judge_hrv(sheet)
    doubting.judge_tests(sheet)
    unrated.judge(sheet)
    sheet.write()
    return sheet.touched
