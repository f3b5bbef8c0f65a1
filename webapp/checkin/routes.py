"""The guest's pages: the online check-in and the portal of the stay."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from webapp.core import photos
from webapp.core.database import db
from webapp.core.errors import AppError, Gone, NotFound, Unavailable
from webapp.core.transaction import transaction
from webapp.extensions import limiter
from webapp.models import CheckIn, GuestLink, Hotel, Reservation
from webapp.stays.calendar import calendar_of
from webapp.stays.links import token_of
from webapp.web.i18n import LANGUAGES, supported

from . import documents, pages, services
from .domain import PARTS, STEPS, is_taken, may_open, next_step, taken_at
from .forms import AnswerForm, ArrivalForm, ContactForm, PersonForm, StepForm
from .ports import DocumentStoreError
from .queries import checkin_of, qr_svg

blueprint = Blueprint("checkin", __name__, template_folder="templates")
log = structlog.get_logger(__name__)
FORMS: dict[str, type[StepForm]] = {"person": PersonForm, "contact": ContactForm, "arrival": ArrivalForm}


class Visit:
    """A guest with a valid link: the stay, its hotel, how far the check-in is, and the language."""

    def __init__(self, link: GuestLink) -> None:
        self.token = link.token
        self.stay: Reservation = link.reservation
        self.hotel = db.session.get_one(Hotel, link.hotel_id)
        self.checkin: CheckIn | None = checkin_of(self.stay.id)
        self.language = pages.speak_to_guest(self.stay, self.checkin)

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        body = render_template(
            template, guest_hotel=pages.hotel_facts(self.hotel), hotel=self.hotel, stay=self.stay, token=self.token,
            checkin=self.checkin, isolated=pages.isolated, **context,
        )  # fmt: skip
        response = make_response(body, status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def to(self, step: str | None = None) -> Response:
        """303 to a step, or to where the guest is."""
        if step is None:
            return _go_to(url_for("checkin.start", token=self.token))
        return _go_to(url_for("checkin.step", token=self.token, step=step))


def _go_to(url: str) -> Response:
    """303; to the page's own script 204 and the address, so that the next page is loaded once and shows what it has to say."""
    if request.headers.get("X-Answer"):
        return Response(status=204, headers={"X-Next": url})
    return redirect(url, 303)  # type: ignore[return-value]


def _is_refused(response: Response) -> bool:
    return response.status_code in (404, 410)


def guest_page(purpose: str) -> Callable:
    """Guard of a page with a guest's token. The view gets the visit. Many wrong tokens from one address are slowed down."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(token: str, **arguments: Any) -> Any:
            try:
                link = services.open_link(token, purpose)
            except (NotFound, Gone) as refusal:
                return _refusal(refusal)
            return view(Visit(link), **arguments)

        limited = limiter.limit("20 per minute; 200 per hour", deduct_when=_is_refused)(guarded)
        return limiter.limit("240 per minute")(limited)

    return decorate


def _refusal(refusal: AppError) -> Response:
    """A page that says what is wrong with the link and nothing about the stay."""
    log.info("guest_link_refused", code=refusal.code)
    pages.speak_to_stranger()
    hotel_id = (refusal.details or {}).get("hotel_id")
    facts = {"guest_hotel": pages.hotel_facts(db.session.get_one(Hotel, hotel_id))} if hotel_id else {}
    body = render_template("checkin/refused.html", message=refusal.message, code=refusal.code, **facts)
    return make_response(body, refusal.status)


@blueprint.get("/checkin/<token>")
@guest_page("checkin")
def start(visit: Visit) -> Any:
    """Where the guest is: the welcome, the next open step, or the portal."""
    if is_done(visit):
        return _go_to(_portal_url(visit))
    if visit.checkin is None or visit.checkin.language is None or "lang" in request.args or "welcome" in request.args:
        return visit.page(
            "checkin/welcome.html", moments=pages.stay_moments(visit.stay, visit.hotel), languages=LANGUAGES
        )
    return visit.to(next_step(visit.checkin))


@blueprint.post("/checkin/<token>")
@guest_page("checkin")
def choose_language(visit: Visit) -> Any:
    if is_done(visit):
        return _go_to(_portal_url(visit))
    chosen = supported(request.form.get("language")) or visit.language
    session[pages.LANGUAGE_COOKIE] = chosen
    with transaction():
        visit.checkin = services.set_language(visit.stay, chosen)
    return visit.to(next_step(visit.checkin))


@blueprint.get("/checkin/<token>/<any(person, contact, arrival, document, review, rules, confirm):step>")
@guest_page("checkin")
def step(visit: Visit, step: str) -> Any:
    if is_done(visit):
        return _go_to(_portal_url(visit))
    if visit.checkin is None or not may_open(visit.checkin, step):
        return visit.to(next_step(visit.checkin) if visit.checkin else None)
    return _show(visit, step, _form(visit, step))


@blueprint.post("/checkin/<token>/<any(person, contact, arrival, document, review, rules, confirm):step>")
@guest_page("checkin")
def answer(visit: Visit, step: str) -> Any:
    """Store the answer of one step at once; a late one never overwrites."""
    if visit.checkin is None:
        with transaction():
            visit.checkin = services.set_language(visit.stay, visit.language)
    form = _form(visit, step)
    if not form.validate_on_submit():
        return _show(visit, step, form, 422)
    try:
        with transaction():
            visit.checkin = _take(visit, step, form)
    except AppError as error:
        return _not_taken(visit, step, form, error)
    if step == "confirm":
        flash(_("You are checked in. We look forward to seeing you."), "success")
        return _go_to(_portal_url(visit))
    return visit.to("document" if step == "document" else next_step(visit.checkin))


def _not_taken(visit: Visit, step: str, form: StepForm, error: AppError) -> Any:
    """Where a refused answer leads: the portal, the step that is open, or the same screen with the reason."""
    message = str(error.message)
    if isinstance(error, services.AlreadyCheckedIn):
        flash(message, "info")
        return _go_to(_portal_url(visit))
    if isinstance(error, services.StepTaken):
        return _show_taken(visit, step, message)
    if error.code == "STEP_TOO_EARLY":
        return visit.to()
    return _show(visit, step, form, error.status, error=message)


def _take(visit: Visit, step: str, form: StepForm) -> CheckIn:
    stay, seen = visit.stay, form.seen.data or ""
    if step in PARTS:
        return services.give_part(stay, step, form.values(), seen=seen, language=visit.language)
    if step == "document":
        upload = next((file for name in ("photo", "file") if (file := request.files.get(name)) and file.filename), None)
        data = upload.stream.read(photos.MOST_BYTES + 1) if upload else b""
        documents.give_document(stay, photos.clean_photo(data), seen=seen)
        return services.begin(stay)
    if step == "review":
        return services.review(stay, seen=seen)
    return services.accept_rules(stay, seen=seen) if step == "rules" else services.complete(stay)


def _form(visit: Visit, step: str) -> StepForm:
    stored = (visit.checkin.details or {}).get(step, {}) if visit.checkin and step in PARTS else {}
    form = FORMS.get(step, AnswerForm)(data=stored or _known(visit, step))
    if isinstance(form, ArrivalForm):
        form.offer(pages.arrival_choices(visit.hotel))
    if isinstance(form, ContactForm):
        form.country = visit.hotel.country
    if not form.is_submitted() and visit.checkin is not None:
        form.seen.data = taken_at(visit.checkin, step)
    return form


def _known(visit: Visit, step: str) -> dict[str, Any]:
    """What the stay knows already, so that the guest only corrects it."""
    stay = visit.stay
    if step == "person":
        guests = max(1, stay.adults + stay.children)
        return {"name": stay.guest_name, "nationality": stay.guest_country, "guests": guests}
    return {"phone": stay.guest_phone, "email": stay.guest_email} if step == "contact" else {}


def _show(visit: Visit, step: str, form: StepForm, status: int = 200, **context: Any) -> Response:
    checkin = visit.checkin
    if step in ("review", "confirm") and checkin is not None:
        context["groups"] = pages.answers(checkin, visit.hotel)
    if step == "rules":
        context["rules"] = pages.house_rules(visit.hotel)
    if step == "confirm":
        context["key"] = pages.key_state(visit.stay, visit.hotel, checkin)
        context["said"] = lambda value: pages.said_instant(value, visit.hotel)
    if step == "document":
        context["has_photo"] = checkin is not None and is_taken(checkin, "document")
    position = STEPS.index(step)
    back = STEPS[position - 1] if position else None
    return visit.page(
        f"checkin/{'part' if step in PARTS else step}.html", status, step=step, form=form, back=back,
        progress=pages.progress_of(step), position=pages.step_number(step), **context,
    )  # fmt: skip


def _show_taken(visit: Visit, step: str, message: str) -> Response:
    """The step as it is now, in place of the late answer."""
    visit.checkin = checkin_of(visit.stay.id)
    stored = (visit.checkin.details or {}).get(step, {}) if visit.checkin and step in PARTS else {}
    form = FORMS.get(step, AnswerForm)(formdata=None, data=stored)
    if isinstance(form, ArrivalForm):
        form.offer(pages.arrival_choices(visit.hotel))
    form.seen.data = taken_at(visit.checkin, step) if visit.checkin else ""
    return _show(visit, step, form, 409, taken=message)


def is_done(visit: Visit) -> bool:
    return visit.stay.status == "CHECKED_IN" or (visit.checkin is not None and visit.checkin.completed_at is not None)


def _portal_url(visit: Visit) -> str:
    return url_for("checkin.portal", token=token_of(visit.stay, "stay"))


@blueprint.get("/checkin/<token>/photo.jpg")
@guest_page("checkin")
def photo(visit: Visit) -> Any:
    """The guest's own photo, small, to look at before going on."""
    kept = documents.documents_of_stay(visit.stay.id)
    if not kept or is_done(visit):
        raise NotFound(_("There is no photo yet."))
    try:
        content = documents.content_of(kept[-1])
    except DocumentStoreError as error:
        raise Unavailable(_("The store of documents does not answer. Please try again shortly.")) from error
    response = make_response(photos.preview_of(content))
    response.mimetype = "image/jpeg"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/stay/<token>")
@guest_page("stay")
def portal(visit: Visit) -> Any:
    """The stay on one page: when, where, and the code of the door."""
    return visit.page(
        "checkin/portal.html",
        key=pages.key_state(visit.stay, visit.hotel, visit.checkin),
        said=lambda value: pages.said_instant(value, visit.hotel),
        until_arrival=pages.until_arrival(visit.stay, visit.hotel),
        rules=pages.house_rules(visit.hotel),
        house_info=pages.house_info(visit.hotel),
        map_url=pages.map_url(visit.hotel),
        qr=qr_svg(request.host_url.rstrip("/") + url_for("checkin.portal", token=visit.token)),
        checkin_url=None if is_done(visit) else url_for("checkin.start", token=token_of(visit.stay, "checkin")),
    )


@blueprint.get("/stay/<token>/stay.ics")
@guest_page("stay")
def calendar(visit: Visit) -> Any:
    """The stay for the guest's own calendar."""
    response = make_response(calendar_of(visit.stay, visit.hotel))
    response.mimetype = "text/calendar"
    response.headers["Content-Disposition"] = 'attachment; filename="stay.ics"'
    response.headers["Cache-Control"] = "no-store"
    return response
