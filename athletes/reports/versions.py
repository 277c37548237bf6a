"""Which version of a record wins: the highest. The same one again changes nothing, or is a conflict."""

from athletes.models import Deletion, Record
from athletes.reports.records import Sent, check_time, content_hash, deletion_key, filled
from athletes.reports.sheet import Sheet


def put(sheet: Sheet, sent: Sent, *, anew: bool = False) -> str:
    """What becomes of it. `anew`: the same version with other content replaces what a reader once misread."""
    before, deletion = sheet.rows.get(sent.key), sheet.deletions.get(sent.key)
    known = before.client_record_version if before else deletion.client_record_version if deletion else None
    if known is not None and sent.version < known:
        return "stale"
    if sent.deleted:
        return put_deletion(sheet, sent, before, deletion)
    if before is None and deletion is not None and sent.version == known:
        return "conflict"
    if before is not None and sent.version == before.client_record_version:
        if before.deleted_at is None and before.content_hash == content_hash(sent.data):
            return "unchanged"
        if not anew or before.deleted_at is not None:
            return "conflict"
    record = filled(sheet.athlete, sent, before)
    check_time(record, sheet.now, sheet.today)
    if before is not None:
        sheet.moved.append(before)
    if deletion is not None:
        del sheet.deletions[sent.key]
        if deletion.pk is not None:
            sheet.lifted.append(deletion.pk)
    sheet.keep(record)
    sheet.moved.append(record)
    return "created" if before is None else "updated"


def put_deletion(sheet: Sheet, sent: Sent, before: Record | None, deletion: Deletion | None) -> str:
    if before is None:
        if deletion is not None and deletion.client_record_version == sent.version:
            return "unchanged"
        sheet.deletions[sent.key] = Deletion(
            athlete=sheet.athlete,
            kind=sent.kind,
            key=deletion_key(sent.key),
            client_record_version=sent.version,
            deleted_at=sheet.now,
        )
        return "deleted"
    if sent.version == before.client_record_version:
        return "conflict" if before.deleted_at is None else "unchanged"
    delete(sheet, before, sent.version)
    return "deleted"


def delete(sheet: Sheet, record: Record, version: int) -> None:
    record.deleted_at = record.deleted_at or sheet.now
    record.client_record_version = version
    sheet.moved.append(record)
