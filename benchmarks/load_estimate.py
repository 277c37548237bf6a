"""How well the load estimated from heart rate agrees with what the person said: PMData, Fitbit and session-RPE.

    .venv/bin/python -m benchmarks.load_estimate [--data DIR]

Reads DIR/pmdata (Thambawita et al. 2020, doi 10.1145/3339825.3394926) by the product's own Fitbit reader and estimates
by `measures.loads`. Each session is estimated from those before it alone, as the product does. The stamps of
both files are UTC (see benchmarks/real_season_logs.py). A session report belongs to the workout that ends nearest,
within 2 h. Neither the data nor what is made from them belongs in this repository; without them the command says so
and stops.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import correlation, fmean, median, stdev
from typing import Any

NEAR = timedelta(hours=2)
# Fitbit's own zones of p01 (the peak begins at 147 = 85 % of 220 - age) say 47 years; no file here says the sex.
AGE_YEARS, SEX = 47, "undisclosed"


@dataclass(frozen=True)
class Pair:
    """One session as the watch and as the person told it."""

    effort: Any  # measures.loads.Effort
    kind: str
    said_min: float
    said_rpe: float

    @property
    def said_au(self) -> float:
        return self.said_min * self.said_rpe


def workouts_of(folder: Path) -> list[tuple[datetime, str, Any]]:
    """(end, kind, effort) by the product's reader; naive times are read as the UTC they are."""
    from athletes.wearables.readers import READERS
    from athletes.wearables.readings import ReadingProfile
    from measures.loads import Effort

    exercise = {"activities": json.loads((folder / "fitbit" / "exercise.json").read_text())}
    found = []
    for reading in READERS["fitbit"].read(exercise, profile=ReadingProfile("UTC")).readings:
        data = reading.data
        if reading.kind == "training_session" and data.get("avg_hr_bpm"):
            end = datetime.fromisoformat(data["started_at"]) + timedelta(minutes=data["duration_min"])
            effort = Effort(data["duration_min"], data["avg_hr_bpm"], data.get("hr_zones", ()))
            found.append((end, data.get("kind", "other"), effort))
    return sorted(found, key=lambda each: each[0])


def pairs_of(folder: Path) -> list[Pair]:
    left, pairs = workouts_of(folder), []
    with (folder / "pmsys" / "srpe.csv").open() as file:
        reports = sorted(csv.DictReader(file), key=lambda row: row["end_date_time"])
    for row in reports:
        at, minutes, rpe = (
            datetime.fromisoformat(row["end_date_time"]), float(row["duration_min"]), float(row["perceived_exertion"]),
        )  # fmt: skip
        nearest = min(left, key=lambda each: abs(each[0] - at), default=None)
        if nearest and abs(nearest[0] - at) <= NEAR and minutes > 0 and rpe > 0:
            left.remove(nearest)
            pairs.append(Pair(nearest[2], nearest[1], minutes, rpe))
    return pairs


def heart_of(folder: Path) -> Any:
    from measures import loads

    days = json.loads((folder / "fitbit" / "resting_heart_rate.json").read_text())
    resting = [day["value"]["value"] for day in days if day["value"]["value"]]
    return loads.heart_of(sex=SEX, age_years=AGE_YEARS, stated_max_bpm=None, seen_max_bpm=(), resting_bpm=resting)


# --- the rows ---------------------------------------------------------------------------------------------------------


def estimators(heart: Any) -> dict[str, Callable[[Pair, Sequence[Pair]], tuple[float, float | None]]]:
    """Name -> (load, error in %) of a pair by those before it."""
    from measures import loads

    def product(pair: Pair, before: Sequence[Pair]) -> tuple[float, float | None]:
        load = loads.estimated(pair.effort, pair.kind, heart, [(p.effort, p.said_rpe) for p in before], None)
        return load.load_au or math.nan, load.error_pct

    def without_zones(pair: Pair, before: Sequence[Pair]) -> tuple[float, float | None]:
        bare = [Pair(loads.Effort(p.effort.minutes, p.effort.avg_hr_bpm), p.kind, p.said_min, p.said_rpe)
                for p in (pair, *before)]  # fmt: skip
        return product(bare[0], bare[1:])

    def of_group(pair: Pair, _before: Sequence[Pair]) -> tuple[float, float | None]:
        return product(pair, ())

    def trimp_times_ratio(pair: Pair, before: Sequence[Pair]) -> tuple[float, float | None]:
        trimp = [p.effort.minutes * (loads.trimp_per_min(p.effort, heart) or math.nan) for p in (*before, pair)]
        return trimp[-1] * median(p.said_au / t for p, t in zip(before, trimp, strict=False)), None

    def usual_rpe(pair: Pair, before: Sequence[Pair]) -> tuple[float, float | None]:
        return pair.effort.minutes * median(p.said_rpe for p in before), None

    return {
        "estimate, own ratings": product,
        "the same, mean heart rate alone": without_zones,
        "estimate, group convention": of_group,
        "TRIMP x median ratio of own pairs": trimp_times_ratio,
        "minutes x own median RPE": usual_rpe,
    }


def judged(pairs: Sequence[Pair], estimate: Callable[..., tuple[float, float | None]], first: int) -> dict[str, float]:
    told = [(pair, *estimate(pair, pairs[:n])) for n, pair in enumerate(pairs) if n >= first]
    errors = [math.log(au / pair.said_au) for pair, au, _ in told]
    inside = [abs(e) <= math.log1p(pct / 100) for e, (_, _, pct) in zip(errors, told, strict=True) if pct is not None]
    return {
        "sessions": len(told),
        "r": correlation([pair.said_au for pair, _, _ in told], [au for _, au, _ in told]),
        "bias_pct": 100 * math.expm1(fmean(errors)),
        "sd_pct": 100 * math.expm1(stdev(errors)),
        "typical_error_pct": 100 * math.expm1(median(map(abs, errors))),
        "within_stated_error_pct": 100 * fmean(inside) if inside else math.nan,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    folders = [folder for folder in sorted((data / "pmdata").glob("p*")) if (folder / "fitbit/exercise.json").exists()]
    if not folders:
        sys.exit(f"{data}/pmdata holds no person with workouts: nothing was measured")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from measures.loads import FEWEST_PAIRS

    for folder in folders:
        pairs, heart = pairs_of(folder), heart_of(folder)
        print(f"{folder.name}: {len(pairs)} sessions told by both; resting {heart.resting_bpm:.0f}, "
              f"highest {heart.max_bpm:.0f} bpm ({', '.join(heart.assumed)})")  # fmt: skip
        for name, estimate in estimators(heart).items():
            row = judged(pairs, estimate, FEWEST_PAIRS)
            print(
                f"  {name:34} n {row['sessions']:.0f}  r {row['r']:.2f}  bias {row['bias_pct']:+.0f} %  "
                f"SD {row['sd_pct']:.0f} %  typical error {row['typical_error_pct']:.0f} %  "
                f"within the stated error {row['within_stated_error_pct']:.0f} %"
            )


if __name__ == "__main__":
    main()
