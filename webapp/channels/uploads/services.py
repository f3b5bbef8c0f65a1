"""Uploads from the moment a file comes in until it is applied, and undone again. The work is done by jobs; a crash at any
moment leaves either everything or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.exc import IntegrityError

from webapp.channels.mails import services as mails
from webapp.channels.places import key_of
from webapp.channels.upload_ports import Export, ExportFault, ExportReader
from webapp.core import audit, events, outbox, wiring
from webapp.core.actor import current as current_actor
from webapp.core.clock import now
from webapp.core.database import copy_rows, db
from webapp.core.errors import AppError, Conflict, Invalid, TooLarge
from webapp.core.tenancy import of_hotel, one_of_hotel
from webapp.models import Hotel, Room, RoomAlias, RoomType, Upload, UploadEntry

from . import age
from .carry_out import Done, carry_out_all, hold, refuse_changed, snapshot_of, take_back_all
from .plan import Entry, plan
from .situation import house_of, newest_known, situation_of, versions_of
from .written import digest_of, row_of, row_of_problem

MAX_BYTES = 20 * 1024 * 1024
_LOCK_CLASS = 7_301  # of the advisory lock under which files of a hotel are worked, one at a time
_SOON = dt.timedelta(seconds=1)
CHANGING = ("created", "updated", "cancelled", "no_show", "restored")
_OPEN = ("reading", "mapping", "preview", "applying", "applied", "undoing")


def receive(hotel: Hotel, filename: str, content: bytes) -> Upload:
    """Take a file in; it is read by a job. Raises Conflict DUPLICATE_UPLOAD for one that counts already."""
    if not content:
        raise Invalid(_("Choose a file first."), field="file")
    if len(content) > MAX_BYTES:
        raise TooLarge(
            _("The file is larger than 20 MB; no export of a house is. Choose a shorter period."), field="file"
        )
    digest = hashlib.sha256(content).digest()
    upload = Upload(
        hotel_id=hotel.id, filename=filename[:200], content=content, content_digest=digest, state="reading",
        created_by=current_actor().label,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(upload)
    except IntegrityError:
        earlier = db.session.scalars(
            of_hotel(Upload, hotel.id).where(Upload.content_digest == digest, Upload.state.in_(_OPEN))
        ).first()
        raise Conflict(
            _("This very file was uploaded already."),
            "DUPLICATE_UPLOAD",
            field="file",
            details={"upload_id": earlier.id if earlier else None},
        ) from None
    audit.record(hotel.id, "file_uploaded", upload, after={"filename": upload.filename, "bytes": len(content)})
    _ask_for("prepare", upload)
    return upload


def prepare(upload_id: int) -> None:
    """Read the file and make its plan. Safe to run twice."""
    upload = _held(upload_id)
    if upload is None or upload.state not in ("reading", "mapping", "preview") or upload.content is None:
        return
    made = _make_plan(db.session.get_one(Hotel, upload.hotel_id), upload)
    if made is not None:
        _write_plan(upload, *made)


def _make_plan(hotel: Hotel, upload: Upload) -> tuple[Export, list[Entry]] | None:
    """Read the file and compare it with the house. None when the file cannot be used yet, or at all."""
    try:
        export = _read(hotel, upload)
    except ExportFault as fault:
        _refuse(upload, fault.kind, fault.message)
        return None
    upload.kind, upload.provider, upload.lines, upload.rows_digest = (
        export.kind,
        export.provider,
        export.lines,
        export.rows_digest,
    )
    is_unclear = export.kind == "unknown" or bool(export.missing_fields)
    upload.columns = [
        {"header": c.header, "field": c.field, "suggestions": list(c.suggestions), "samples": list(c.samples) if is_unclear else []}
        for c in export.columns
    ]  # fmt: skip  # samples may name guests: kept only until somebody has said what the columns mean
    if is_unclear:
        _to(upload, "mapping")
        return None
    if _is_repeated(upload):
        upload.age = "DUPLICATE"
        _refuse(upload, "duplicate", _("Another file with the same reservations was applied already."))
        return None
    return export, _plan(hotel, upload, export)


def _read(hotel: Hotel, upload: Upload) -> Export:
    reader = wiring.resolve(ExportReader)  # type: ignore[type-abstract]
    return reader.read(upload.content or b"", upload.filename, mapping=upload.mapping or None, currency=hotel.currency)


def _is_repeated(upload: Upload) -> bool:
    same = select(Upload.id).where(
        Upload.hotel_id == upload.hotel_id,
        Upload.rows_digest == upload.rows_digest,
        Upload.state == "applied",
        Upload.id != upload.id,
    )
    return db.session.scalar(same.limit(1)) is not None


def _plan(hotel: Hotel, upload: Upload, export: Export) -> list[Entry]:
    upload.newest_at = export.newest_at.replace(tzinfo=ZoneInfo(hotel.timezone)) if export.newest_at else None
    known = newest_known(hotel, export.provider, upload.id)
    is_old = upload.newest_at is not None and known is not None and upload.newest_at < known
    is_old = is_old or age.is_outdated(hotel, export, upload.newest_at)
    upload.age = "OLD" if is_old else "FRESH"
    return plan(export.rows, situation_of(hotel, export, is_old=is_old))


def _write_plan(upload: Upload, export: Export, entries: list[Entry]) -> None:
    db.session.execute(delete(UploadEntry).where(UploadEntry.upload_id == upload.id))
    counts: Counter[str] = Counter()
    planned = (row_of(upload, entry) for entry in entries)
    for rows in _batches(chain(planned, (row_of_problem(upload, problem) for problem in export.problems))):
        counts.update(row["action"] for row in rows)
        copy_rows(UploadEntry.__table__, rows)
    counts["fixed"] = sum(entry.is_fix for entry in entries)
    unknown = Counter(entry.note for entry in entries if entry.code == "unknown_room")
    upload.counts = {**counts, "unknown_rooms": dict(unknown.most_common(200))}
    upload.plan_digest = digest_of(entries)
    _to(upload, "preview")


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    source = iter(rows)
    while part := list(islice(source, 1000)):
        yield part


def map_headers(hotel: Hotel, upload_id: int, mapping: dict[str, str]) -> Upload:
    """A person says what the headers mean; the file is read again."""
    upload = _locked(hotel, upload_id, "mapping")
    upload.mapping = {header: field for header, field in mapping.items() if field}
    _to(upload, "reading")
    _ask_for("prepare", upload)
    return upload


def name_room(hotel: Hotel, upload_id: int, name: str, room_type_id: int | None, room_id: int | None) -> Upload:
    """A person says what a name of the file means; the plan is made anew."""
    upload = _locked(hotel, upload_id, "preview")
    if room_id is not None:
        room_type_id = one_of_hotel(Room, hotel.id, id=room_id).room_type_id
    elif room_type_id is not None:
        one_of_hotel(RoomType, hotel.id, id=room_type_id)
    else:
        raise Invalid(_("Choose a room or a kind of room."), field="place")
    key = key_of(name)
    alias = db.session.scalars(
        of_hotel(RoomAlias, hotel.id).filter_by(provider=upload.provider, name_key=key)
    ).one_or_none()
    if alias is None:
        alias = RoomAlias(
            hotel_id=hotel.id, provider=upload.provider, name_key=key, name=name[:200], room_type_id=room_type_id
        )
        db.session.add(alias)
    alias.room_type_id, alias.room_id = room_type_id, room_id
    db.session.flush()
    audit.record(
        hotel.id, "room_named", alias, after={"name": alias.name, "room_type_id": room_type_id, "room_id": room_id}
    )
    _to(upload, "reading")
    _ask_for("prepare", upload)
    return upload


def request_apply(hotel: Hotel, upload_id: int) -> Upload:
    """Ask the worker to carry out what the preview shows."""
    upload = _locked(hotel, upload_id, "preview")
    upload.applied_by, upload.message = current_actor().label, ""
    _to(upload, "applying")
    _ask_for("apply", upload)
    return upload


def apply(upload_id: int) -> None:
    """Carry the plan out, all of it or nothing. When the house has changed since, the new plan is shown instead."""
    upload = _held(upload_id)
    if upload is None or upload.state != "applying":
        return
    hotel = db.session.get_one(Hotel, upload.hotel_id)
    was = house_of(hotel)
    made = _make_plan(hotel, upload)
    if made is None:
        return
    export, entries = made
    if upload.plan_digest != digest_of(entries):
        _write_plan(upload, export, entries)
        upload.message = _("The house has changed since the preview. Please look again; nothing was changed.")
        return
    for entry in entries:  # what the lines said is not needed any more, and there may be very many
        entry.row = None
    del export, made
    hold(hotel, entries)
    if house_of(hotel) != was:
        raise outbox.RetryLater(_SOON, "a stay changed while the plan was made")
    _note_done(upload, entries, carry_out_all(hotel, entries, upload.provider))
    mails.hurry_up(hotel.id)
    upload.applied_at, upload.content = now(), None
    _to(upload, "applied")
    audit.record(
        hotel.id,
        "upload_applied",
        upload,
        after={"counts": {k: v for k, v in upload.counts.items() if k != "unknown_rooms"}},
    )


def _note_done(upload: Upload, entries: list[Entry], done: list[Done]) -> None:
    """Write down which stays came of the plan's lines, and what has to be known to take the changes back.

    The lines were written in the order of the entries.
    """
    query = select(UploadEntry.id, UploadEntry.line).where(
        UploadEntry.upload_id == upload.id, UploadEntry.action.in_(CHANGING)
    )
    rows = {
        id(entry): row
        for entry, row in zip(
            (e for e in entries if e.is_change), db.session.execute(query.order_by(UploadEntry.id)), strict=True
        )
    }
    versions = versions_of(upload.hotel_id, [one.stay_id for one in done])
    made = [(rows[id(one.entry)].id, one.stay_id, versions[one.stay_id]) for one in done if one.before is None]
    ids, stay_ids, versions_after = ([one[place] for one in made] for place in range(3))
    db.session.execute(_NOTE_CREATED, {"ids": ids, "stay_ids": stay_ids, "versions": versions_after})
    changed = (
        {"entry_id": rows[id(one.entry)].id, "undo": snapshot_of(one.before), "code": one.entry.code,
         "version_after": versions[one.stay_id]}
        for one in done if one.before is not None
    )  # fmt: skip
    for part in _batches(changed):
        db.session.execute(_NOTE_CHANGED, part)
    db.session.expire_all()


_NOTE_CREATED = text("""
    UPDATE upload_entry SET reservation_id = n.stay_id, version_after = n.version
    FROM unnest(CAST(:ids AS bigint[]), CAST(:stay_ids AS bigint[]), CAST(:versions AS bigint[])) AS n (id, stay_id, version)
    WHERE upload_entry.id = n.id
""")
_ENTRIES = UploadEntry.__table__
_NOTE_CHANGED = (
    update(_ENTRIES)  # type: ignore[arg-type]
    .where(_ENTRIES.c.id == bindparam("entry_id"))
    .values({name: bindparam(name) for name in ("undo", "code", "version_after")})
)


def _entries_of(upload: Upload) -> list[UploadEntry]:
    of_upload = of_hotel(UploadEntry, upload.hotel_id).where(UploadEntry.upload_id == upload.id)
    return list(db.session.scalars(of_upload.where(UploadEntry.action.in_(CHANGING)).order_by(UploadEntry.id)))


def request_undo(hotel: Hotel, upload_id: int) -> Upload:
    """Ask the worker to take back what an upload changed. Raises Conflict when one of its stays was changed since."""
    upload = _locked(hotel, upload_id, "applied")
    refuse_changed(_entries_of(upload))
    upload.undone_by, upload.message = current_actor().label, ""
    _to(upload, "undoing")
    _ask_for("undo", upload)
    return upload


def undo(upload_id: int) -> None:
    """Take everything back, or nothing."""
    upload = _held(upload_id)
    if upload is None or upload.state != "undoing":
        return
    entries = _entries_of(upload)
    try:
        with db.session.begin_nested():
            take_back_all(db.session.get_one(Hotel, upload.hotel_id), entries)
    except AppError as error:
        upload.message = str(error.message)
        _to(upload, "applied")
        return
    upload.undone_at = now()
    _to(upload, "undone")
    audit.record(upload.hotel_id, "upload_undone", upload)


def give_up(upload_id: int) -> None:
    """The work on a file failed every time: it is what it was before, so that a person can ask again or send it anew."""
    upload = db.session.get(Upload, upload_id, with_for_update=True)
    if upload is None or upload.state not in ("reading", "applying", "undoing"):
        return
    message = _("That did not work. Nothing was changed; please try again.")
    if upload.state == "reading":
        _refuse(upload, "gave_up", message)
        return
    upload.message = message
    _to(upload, "preview" if upload.state == "applying" else "applied")


def discard(hotel: Hotel, upload_id: int) -> None:
    """Put a file aside that was not applied."""
    upload = one_of_hotel(Upload, hotel.id, lock=True, id=upload_id)
    if upload.state not in ("reading", "mapping", "preview"):
        raise Conflict(_("Only a file that was not applied can be put aside."), "INVALID_TRANSITION")
    upload.content, upload.columns = None, []
    _to(upload, "discarded")
    audit.record(hotel.id, "upload_discarded", upload)


def hold_uploads(hotel_id: int) -> None:
    """Let no file of this hotel be worked by anybody else until the transaction ends. To be taken before every other lock: whoever
    works a file holds it, then the stays that the file speaks of."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:kind, :hotel)"), {"kind": _LOCK_CLASS, "hotel": hotel_id})


def _held(upload_id: int) -> Upload | None:
    """The upload, with what is needed to work it; None for one that is gone."""
    hotel_id = db.session.scalar(select(Upload.hotel_id).where(Upload.id == upload_id))
    if hotel_id is None:
        return None
    hold_uploads(hotel_id)
    return db.session.get(Upload, upload_id, with_for_update=True, populate_existing=True)


def _locked(hotel: Hotel, upload_id: int, state: str) -> Upload:
    upload = one_of_hotel(Upload, hotel.id, lock=True, id=upload_id)
    if upload.state != state:
        raise Conflict(_("Somebody else was quicker. Please look again."), "INVALID_TRANSITION")
    return upload


def _refuse(upload: Upload, kind: str, message: str) -> None:
    upload.fault_kind, upload.message, upload.content, upload.columns = kind, message, None, []
    _to(upload, "refused")


def _to(upload: Upload, state: str) -> None:
    upload.state = state
    db.session.flush()
    events.publish(upload.hotel_id, "upload-changed", {"upload_id": upload.id, "state": state})


def _ask_for(job: str, upload: Upload) -> None:
    names = {"prepare": "jobs.uploads.prepare", "apply": "jobs.uploads.apply", "undo": "jobs.uploads.undo"}
    asked_by = asdict(current_actor())  # what the job does is in the history under this name
    outbox.enqueue(names[job], {"upload_id": upload.id, "asked_by": asked_by}, hotel_id=upload.hotel_id)
