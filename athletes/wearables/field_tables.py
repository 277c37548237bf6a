"""docs/wearables.md, made of the readers' own field tables."""

from collections.abc import Iterator

from athletes.wearables.readers import READERS
from athletes.wearables.readings import Reader

INTRODUCTION = """# Watches, rings and apps

A watch's data come in two ways. A program of yours sends the API's own records to `POST /sync/`; or you hand in what
the vendor wrote, as it is: a file, an export, the body of a webhook, at `POST /ingest/{provider}/`
([clients.md](api/clients.md); `examples/sync_folder.py` keeps a folder in step). This page says what becomes of the
second kind.

In the morning the day stands on one night: the athlete's first source for sleep, else the first of those that know one.
Its length, its score and, where there is one, the HRV measured in it belong together. What was measured by day is kept
and shown, and does not take the night's place: a pulse after training is no measure of recovery, and a value that was
shown in the morning must not change through the day. Two sources that tell the same night or the same workout are
recognised by the instants, however their clocks stand, and count once; the date is that of the source that knows the
offset of the place.

A device that has been silent for two days, and for longer than usual, is said so once, to the athlete and the coaches;
`GET /me/sources/` shows when each was last heard. After a change of device the new one's HRV counts as soon as the old
one has been unread for more than 3 days, or at once where the athlete names it for the dates (`source_periods` in
`/me/`): until then the morning has no HRV, and the day says why.

The rest of this page is written by `./homestretch manage document_readers`; a test compares it with the code, and the
code with its fixtures. For all readers:

- **Day.** A night belongs to the local date on which its main sleep ends: in the record's IANA zone, else in its own
  offset, else in the athlete's zone. A time without an offset is the athlete's wall clock. The vendor's own date is
  kept as `vendor_date`, and a difference is flagged.
- **HRV.** rMSSD and SDNN are never converted and never relabelled; a value whose metric the payload does not name is
  not used. Metric, provider and context make the baseline it belongs to.
- **Sleep.** A start and an end without stages and without a length of sleep are a time in bed: a finding, and no night.
  Time in bed that another source tells does not lengthen a night.
- **Naps and spots.** The HRV of a nap is `spot`, and so is a reading of an app taken between 12:00 and 3:00: neither is
  the night's or the morning's.
- **Told twice.** A recovery that carries the id of its sleep (WHOOP) lies on that sleep's day, whichever came first.
- **Resting heart rate.** What the vendor calls so, of its day; vendors measure it in different ways (lowest of a night,
  mean of some hours, of the whole day). It counts where the athlete typed none in: that of the device the day's HRV is
  of before others, unless the athlete orders them otherwise.
- **Not measured.** 0, negative numbers and placeholders are no measurements: a finding, and nothing is stored.
- **Range.** What the API would refuse (another unit, an impossible length) becomes a finding with its place; the other
  fields and records are used. Parts of a night that do not fit into it are left out, the night is kept.
- **Load.** A workout becomes a training session. Its load is minutes x RPE. Where nobody rated it, the RPE is estimated
  from heart rate or the plan, labelled (`load_basis`), and the athlete is asked: see the end of this page. A vendor's
  own load is another unit and is never mixed with it. A watch's running is `endurance`, its track running `other`: only
  the athlete knows a sprint session. Walks are counted and left out.
- **Ids and versions.** The vendor's id is the `client_record_id`; the time of the vendor's last change, else that of
  the arrival, is the `client_record_version`, in milliseconds.
- **Not used.** Every field and record that is not used is counted by its name in the answer.
- **Archives.** Files of a zip that are not read are counted by their name without dates.
- **Findings** that repeat are told once, at their first place, with their `count`.
- **Refused as a whole**: another vendor's payload, a file cut off, two persons in one payload (of a batch that Garmin
  pushes the part of the athlete's linked account is read), an archive or XML bomb.
"""

UNRATED = """
## The load of a workout nobody rated

| `load_basis` | When | Load |
|---|---|---|
| `rpe` | the source tells an RPE (the tables above) | minutes x RPE |
| `confirmed` | athlete or coach rated it here: `POST /training-sessions/{id}/confirm/` | minutes x that RPE |
| `heart_rate` | not rated, a heart rate was measured | minutes x estimated RPE |
| `plan` | not rated; no heart rate, or sprints or weights; the day has a plan | minutes x the plan's load per minute |
| `none` | neither | unknown: null, never 0 |

- **The estimate** is an RPE from TRIMP per minute (Banister 1991; Morton 1990, doi 10.1152/jappl.1990.69.3.1171): over
  the device's zones where it tells them, else of the mean heart rate. Five rated sessions with a heart rate set the
  athlete's own line of RPE on TRIMP; before that a convention of this project stands in (4 at 65 % of the heart-rate
  reserve, 7 at 87 %), and `estimate_grounds` says so. Resting heart rate: the median of 28 days, typed or of a device.
  Highest: the profile's `max_hr_bpm`, else the second highest seen in 180 days or 208 - 0.7 x age (Tanaka 2001,
  doi 10.1016/S0735-1097(00)01054-8), whichever is more.
- **It stands on what lies before the session**: ratings that come later change no estimate behind them. Profile,
  check-ins and plan count as they are when the session comes in; `./homestretch manage estimate_loads` looks again.
- **The athlete is asked**: `needs_confirmation`, the list's filter of that name, and a sentence in the day's advice for
  14 days. A rating stays whatever the watch says later. No phone rings for it.
- **Told twice.** Two workouts that overlap by more than half of the shorter are one: the rated one counts, then the one
  with a heart rate, then the source order. The other names it in `same_session_as`, and is not asked about.
- **Sprints and weights** are harder than their heart rate shows: grounds say `hr_underestimates`.

Measured by `python -m benchmarks.load_estimate` on the one person of PMData whose workouts and ratings both are at hand
(34 sessions of running and football, 29 of them estimated from those before; recreational, no sprinter):

| Estimate | r with the said load | Bias | SD | Typical error |
|---|---|---|---|---|
| own ratings (used from five on) | 0.87 | +0 % | 30 % | 14 % |
| the same by the mean heart rate alone | 0.88 | +1 % | 29 % | 13 % |
| the group's convention | 0.66 | -23 % | 42 % | 22 % |
| TRIMP x the median ratio of own pairs | 0.52 | +1 % | 49 % | 31 % |
| minutes x own median RPE, no heart rate | 0.86 | -5 % | 33 % | 11 % |

The stated error held the said load in 76 % of the sessions. The last row is the lesson: this person rates between 5 and
8 whatever the heart does, so most of what is right comes from the minutes. That is why the slope is learned from the
own ratings and only drawn to the group's, and why the plain ratio of load to TRIMP is not used. One person is no
evidence for others: the constants are conventions, and a rating is always better.
"""


def as_markdown() -> str:
    return INTRODUCTION + "".join(line for reader in READERS.values() for line in section(reader)) + UNRATED


def section(reader: Reader) -> Iterator[str]:
    yield f"\n## {reader.title}\n\n"
    yield f"Reader `{reader.name}`, provider `{reader.provider}`, {', '.join(reader.formats)}.\n"
    if reader.from_description:
        yield "Written from a description of the vendor or its users: no real file was read yet.\n"
    yield f"Day: {reader.day_rule}.\n"
    yield f"Identity: {reader.identity}.\n\n"
    yield "| Field | Becomes | Unit | Remark |\n|---|---|---|---|\n"
    for field in reader.table:
        yield f"| `{field.vendor}` | {field.becomes or 'not kept'} | {field.unit} | {field.note} |\n"
    if reader.not_used:
        yield "\nNot used, among others:\n\n"
        yield from (f"- {name}: {why}\n" for name, why in reader.not_used.items())
