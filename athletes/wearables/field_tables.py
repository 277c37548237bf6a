"""docs/wearables.md, made of the readers' own field tables."""

from collections.abc import Iterator

from athletes.wearables import READERS, Reader

INTRODUCTION = """# What becomes of a vendor's payload

Written by `./homestretch manage document_readers`; a test compares it with the code, and the code with its fixtures.

Each reader turns one vendor's payload into the API's own records (`docs/api/openapi.yaml`). For all of them:

- **Day.** A night belongs to the local date on which its main sleep ends: in the record's IANA zone, else in its own
  offset, else in the athlete's zone. A time without an offset is the athlete's wall clock. The vendor's own date is
  kept as `vendor_date`, and a difference is flagged.
- **HRV.** rMSSD and SDNN are never converted and never relabelled; a value whose metric the payload does not name is
  not used. Metric, provider and context make the baseline it belongs to.
- **Not measured.** 0, negative numbers and placeholders are no measurements: a finding, and nothing is stored.
- **Range.** What the API would refuse (another unit, an impossible length) becomes a finding with its place; the other
  fields and records are used. Parts of a night that do not fit into it are left out, the night is kept.
- **Load.** A workout becomes a training session. Its load is minutes x RPE, so without an RPE from the athlete the load
  stays unknown until the athlete rates it; no RPE is made up from heart rate. A watch's running is `endurance`, its
  track running `other`: only the athlete knows a sprint session. Walks are counted and left out.
- **Ids and versions.** The vendor's id is the `client_record_id`; the time of the vendor's last change, else that of
  the arrival, is the `client_record_version`, in milliseconds.
- **Not used.** Every field and record that is not used is counted by its name in the answer.
- **Refused as a whole**: another vendor's payload, a file cut off, two persons in one payload, an archive or XML bomb.
"""


def as_markdown() -> str:
    return INTRODUCTION + "".join(line for reader in READERS.values() for line in section(reader))


def section(reader: Reader) -> Iterator[str]:
    yield f"\n## {reader.title}\n\n"
    yield f"Reader `{reader.name}`, provider `{reader.provider}`, {', '.join(reader.formats)}.\n"
    yield f"Day: {reader.day_rule}.\n"
    yield f"Identity: {reader.identity}.\n\n"
    yield "| Field | Becomes | Unit | Remark |\n|---|---|---|---|\n"
    for field in reader.table:
        yield f"| `{field.vendor}` | {field.becomes or 'not kept'} | {field.unit} | {field.note} |\n"
    if reader.not_used:
        yield "\nNot used, among others:\n\n"
        yield from (f"- {name}: {why}\n" for name, why in reader.not_used.items())
