"""The pages of the uploads: give a file, see what it would do, agree, look at the report, take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from webapp.core.errors import AppError, Conflict, Invalid, NotFound
from webapp.core.transaction import transaction
from webapp.extensions import limiter
from webapp.models import Upload
from webapp.web import htmx
from webapp.web.auth import current_hotel, staff_page

from . import comparison, labels, queries, services

blueprint = Blueprint("uploads", __name__, url_prefix="/staff/<slug>/channels/uploads", template_folder="../templates")


@blueprint.get("")
@staff_page("channels.view")
def uploads() -> Any:
    return _list()


@blueprint.post("")
@limiter.limit("60 per hour")
@staff_page("channels.manage")
def receive() -> Any:
    file = request.files.get("file")
    try:
        with transaction():
            upload = services.receive(
                current_hotel(), file.filename or "" if file else "", file.read() if file else b""
            )
    except Conflict as error:
        earlier = (error.details or {}).get("upload_id")
        return _list(str(error.message), 409, earlier)
    except AppError as error:
        return _list(str(error.message), error.status)
    return htmx.see_other(_url(upload.id))


def _list(error: str = "", status: int = 200, earlier: int | None = None) -> Response:
    hotel = current_hotel()
    return htmx.render(
        "channels/uploads.html", "uploads", status=status, hotel=hotel, uploads=queries.newest(hotel), labels=labels, error=error,
        earlier=earlier, last=queries.last_applied(hotel),
    )  # fmt: skip


@blueprint.get("/<int:upload_id>")
@staff_page("channels.view")
def upload(upload_id: int) -> Any:
    return _page(upload_id)


def _page(upload_id: int, error: str = "", status: int = 200) -> Response:
    hotel = current_hotel()
    upload = queries.upload_of(hotel, upload_id)
    action, code = request.args.get("show", ""), request.args.get("reason", "")
    return htmx.render(
        "channels/upload.html", "upload", status=status, hotel=hotel, upload=upload, labels=labels, error=error, action=action,
        code=code, before=queries.before(upload), reasons=queries.reasons_of(upload),
        lines=queries.lines_of(upload, action, request.args.get("page", 1, type=int), code), places=queries.places_of(hotel),
    )  # fmt: skip


@blueprint.get("/<int:upload_id>/report.csv")
@staff_page("channels.view")
def report(upload_id: int) -> Any:
    upload = queries.upload_of(current_hotel(), upload_id)
    return _csv_file(queries.report(upload), f"upload-{upload.id}.csv")


def _csv_file(lines: Iterator[str], filename: str) -> Response:
    """With the mark by which spreadsheets know the encoding."""
    response = Response("\ufeff" + "".join(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={filename}"
    return response


@blueprint.get("/last")
@staff_page("channels.view")
def last() -> Any:
    """The analysis of the file that was applied last."""
    found = queries.last_applied(current_hotel())
    return htmx.see_other(_url(found.id) if found else url_for("uploads.uploads", slug=current_hotel().slug))


@blueprint.get("/<int:upload_id>/comparison")
@staff_page("channels.view")
def compare(upload_id: int) -> Any:
    hotel = current_hotel()
    upload = queries.upload_of(hotel, upload_id)
    before = _before(upload)
    what = request.args.get("show", "")
    compared = comparison.compare(upload, before, what, request.args.get("page", 1, type=int))
    return htmx.render(
        "channels/upload_comparison.html", "comparison", hotel=hotel, upload=upload, before=before, labels=labels, what=what,
        compared=compared,
    )  # fmt: skip


@blueprint.get("/<int:upload_id>/comparison.csv")
@staff_page("channels.view")
def comparison_report(upload_id: int) -> Any:
    upload = queries.upload_of(current_hotel(), upload_id)
    return _csv_file(comparison.as_csv(upload, _before(upload)), f"upload-{upload.id}-comparison.csv")


def _before(upload: Upload) -> Upload:
    before = queries.before(upload)
    if before is None:
        raise NotFound(_("No file of this kind was applied before this one."))
    return before


@blueprint.post("/<int:upload_id>/apply")
@staff_page("channels.manage")
def apply(upload_id: int) -> Any:
    return _do(upload_id, lambda: services.request_apply(current_hotel(), upload_id))


@blueprint.post("/<int:upload_id>/undo")
@staff_page("channels.manage")
def undo(upload_id: int) -> Any:
    return _do(upload_id, lambda: services.request_undo(current_hotel(), upload_id))


@blueprint.post("/<int:upload_id>/discard")
@staff_page("channels.manage")
def discard(upload_id: int) -> Any:
    return _do(upload_id, lambda: services.discard(current_hotel(), upload_id))


@blueprint.post("/<int:upload_id>/headers")
@staff_page("channels.manage")
def map_headers(upload_id: int) -> Any:
    """Fields `column-0`, `column-1`, … in the order of the file's columns."""
    columns = queries.upload_of(current_hotel(), upload_id).columns or []
    chosen = {column["header"]: request.form.get(f"column-{place}", "") for place, column in enumerate(columns)}
    known = {header: field for header, field in chosen.items() if field in labels.FIELDS}
    return _do(upload_id, lambda: services.map_headers(current_hotel(), upload_id, known))


@blueprint.post("/<int:upload_id>/rooms")
@staff_page("channels.manage")
def name_room(upload_id: int) -> Any:
    """`name` as the file has it, `place` as `type:<id>` or `room:<id>`."""
    kind, _colon, number = request.form.get("place", "").partition(":")
    chosen = int(number) if number.isascii() and number.isdecimal() and len(number) < 18 else None
    place = (chosen if kind == "type" else None, chosen if kind == "room" else None)
    name = request.form.get("name", "")[:500]
    return _do(upload_id, lambda: services.name_room(current_hotel(), upload_id, name, *place))


def _do(upload_id: int, act: Callable[[], Upload | None]) -> Response:
    try:
        with transaction():
            act()
    except (Conflict, Invalid) as error:
        return _page(upload_id, str(error.message), error.status)
    if htmx.is_fragment():
        return htmx.with_toast(_page(upload_id), _("Done."))
    return htmx.see_other(_url(upload_id))


def _url(upload_id: int) -> str:
    return url_for("uploads.upload", slug=current_hotel().slug, upload_id=upload_id)
