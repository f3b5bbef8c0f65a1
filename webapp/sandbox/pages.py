"""The pages for people: what was told and answered, mails and SMS. Server-rendered, without scripts."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from webapp.sandbox import mailbox
from webapp.sandbox.context import current_sandbox
from webapp.sandbox.journal import SERVICES
from webapp.sandbox.twilio import messages

blueprint = Blueprint("pages", __name__)
NAMES = {
    "ttlock": "TTLock",
    "twilio": "Twilio",
    "ota": "Channel feeds",
    "smtp": "Mail",
    "cloudinary": "Cloudinary",
}
# The mail is shown as it came, but it may load nothing and run nothing; its links open in a new tab.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@blueprint.app_context_processor
def _layout() -> dict[str, object]:
    section = "/" + request.path.split("/")[1]
    return {
        "service_names": NAMES,
        "path": request.path,
        "section": "/" if section == "/journal" else section,
        "refresh_path": section if section == "/doors" else request.path,
    }


@blueprint.app_template_filter("instant")
def _instant(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"


@blueprint.get("/")
def overview() -> ResponseReturnValue:
    journal = current_sandbox().journal
    return render_template(
        "sandbox/journal.html", title="Journal", entries=journal.entries(limit=_limit()), counts=journal.counts()
    )


@blueprint.get("/journal/<service>")
def service_journal(service: str) -> ResponseReturnValue:
    if service not in SERVICES:
        abort(404)
    journal = current_sandbox().journal
    return render_template(
        "sandbox/journal.html",
        title=NAMES[service],
        entries=journal.entries(service, _limit()),
        counts=journal.counts(),
    )


@blueprint.get("/journal/entry/<int:number>")
def journal_entry(number: int) -> ResponseReturnValue:
    entry = current_sandbox().journal.entry(number)
    if entry is None:
        abort(404)
    return render_template("sandbox/entry.html", entry=entry)


@blueprint.get("/mail")
def mail_list() -> ResponseReturnValue:
    return render_template("sandbox/mail_list.html", mails=mailbox.recent(current_sandbox(), _to(), _limit()))


@blueprint.get("/mail/<int:number>")
def mail_detail(number: int) -> ResponseReturnValue:
    mail = mailbox.find(current_sandbox(), number)
    if mail is None:
        abort(404)
    return render_template("sandbox/mail.html", mail=mail)


@blueprint.get("/mail/<int:number>/html")
def mail_html(number: int) -> ResponseReturnValue:
    mail = mailbox.find(current_sandbox(), number)
    if mail is None or not mail["html"]:
        abort(404)
    answer = Response('<base target="_blank">' + mail["html"], mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _MAIL_POLICY
    return answer


@blueprint.get("/mail/<int:number>/raw")
def mail_raw(number: int) -> ResponseReturnValue:
    content = mailbox.raw(current_sandbox(), number)
    if content is None:
        abort(404)
    return Response(content, content_type="text/plain; charset=utf-8")


@blueprint.get("/sms")
def sms_list() -> ResponseReturnValue:
    return render_template("sandbox/sms.html", messages=messages.recent(current_sandbox(), _to(), _limit()))


def _to() -> str | None:
    return request.args.get("to") or None


def _limit() -> int:
    return min(max(request.args.get("limit", 100, type=int), 1), 2000)
