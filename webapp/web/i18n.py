"""Languages: which one a request speaks, and how dates, times, money and names are written in it.

Guest pages are in the guest's language (they set it with `speak`), staff pages in the user's, the rest as the browser asks.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency
from flask import g, has_request_context, request
from flask_babel import Domain, force_locale, get_locale
from flask_login import current_user

from webapp.extensions import babel

if TYPE_CHECKING:
    from flask import Flask

LANGUAGES = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "zh": "中文",
    "it": "Italiano",
    "pt": "Português",
    "ar": "العربية",
    "ja": "日本語",
    "hi": "हिन्दी",
}


def speak(language: str) -> None:
    """Let the rest of this request be in `language`."""
    g.language = supported(language) or "en"
    g.pop("_flask_babel", None)


def supported(language: str | None) -> str | None:
    """`language` as one of ours ("pt-BR" is "pt"), or None."""
    short = (language or "").replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else None


def language_of_browser() -> str | None:
    return request.accept_languages.best_match(list(LANGUAGES)) if request.accept_languages else None


def chosen_language() -> str:
    """?lang, then what the page or the user's profile set, then the browser."""
    if not has_request_context():
        return "en"
    if asked := supported(request.args.get("lang")):
        return asked
    if "language" in g:
        return str(g.language)
    if current_user and current_user.is_authenticated:
        return supported(current_user.language) or "en"
    return language_of_browser() or "en"


def direction() -> str:
    return "rtl" if language() == "ar" else "ltr"


def language() -> str:
    locale = get_locale()
    return locale.language if locale else "en"


def _locale() -> Locale:
    """British order and spelling for English, as hotels outside the United States write."""
    short = language()
    return Locale.parse("en_GB" if short == "en" else short)


def stay_date(value: dt.date, style: str = "medium") -> str:
    """`short`: Fri 20 Nov; `medium`: Fri, 20 Nov 2026; `long`: Friday, 20 November 2026; `month`: November 2026; in the reader's
    language."""
    if style == "short":
        return str(format_skeleton("MMMEd", value, locale=_locale()))
    if style == "medium":
        return str(format_skeleton("yMMMEd", value, locale=_locale()))
    if style == "month":
        return str(format_skeleton("yMMMM", value, locale=_locale()))
    return str(format_date(value, format="full", locale=_locale()))


def clock_time(value: dt.time | dt.datetime, timezone: str | None = None) -> str:
    """Time of day. An instant is shown where `timezone` is."""
    if isinstance(value, dt.datetime) and timezone:
        value = value.astimezone(ZoneInfo(timezone))
    return str(format_time(value, format="short", locale=_locale()))


def instant(value: dt.datetime, timezone: str, style: str = "short") -> str:
    """Date and time of an instant, where `timezone` is."""
    local = value.astimezone(ZoneInfo(timezone))
    return f"{stay_date(local.date(), style)}, {clock_time(local)}"


def money(amount: Decimal, currency: str) -> str:
    """Amount and currency in the order of the language, which a text around them from right to left does not change."""
    text = str(format_currency(amount, currency, locale=_locale()))
    return f"\u2066{text}\u2069" if _locale().text_direction == "rtl" else text


class _Catalogues(Domain):
    """The catalogues, found by the locale itself: flask-babel finds them by its name, and making that name costs more than
    translating a sentence."""

    def __init__(self) -> None:
        super().__init__(domain="messages")
        self._by_locale: dict[Locale, Any] = {}

    def get_translations(self) -> Any:
        locale = get_locale()
        found = self._by_locale.get(locale) if locale is not None else None
        if found is None:
            found = super().get_translations()
            if locale is not None:
                self._by_locale[locale] = found
        return found


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=chosen_language)
    catalogues = babel.domain_instance = _Catalogues()
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogues.get_translations().ugettext(text),
        ngettext=lambda one, many, number: catalogues.get_translations().ungettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: catalogues.get_translations().upgettext(context, text),
        npgettext=lambda context, one, many, number: catalogues.get_translations().unpgettext(
            context, one, many, number
        ),
    )
    app.jinja_env.filters.update(stay_date=stay_date, clock_time=clock_time, instant=instant, money=money)
    app.jinja_env.globals.update(language=language, direction=direction, LANGUAGES=LANGUAGES)


def in_language(code: str) -> Any:
    """Context manager: render messages in `code` whatever the request speaks. Needs only an application context."""
    return force_locale(supported(code) or "en")
