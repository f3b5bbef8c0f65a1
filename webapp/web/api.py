"""What every JSON endpoint shares: checked input, the error envelope, lists in pages, and the description of it all.

    @blueprint.get("/api/staff/hotel/<slug>/things/")
    @staff_api("stays.view")
    @api.validate(tags=["Things"], resp=api.Answers(HTTP_200=ThingList), security=api.BEARER)
    def things(query: ThingQuery) -> Any:
        '''One line for the list of operations.'''

Bodies and queries are pydantic models named `json` and `query` in the view's signature. What cannot be read (missing, of another
type, unknown) is 400 MALFORMED, what breaks a rule is 422 INVALID. Endpoints take bearer tokens, never the session cookie, so
their blueprints are exempt from CSRF: register them with `register(app, blueprint)`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, jsonify, request
from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from spectree import Response as Answers
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData
from sqlalchemy import Select, func, select
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from webapp.core.database import db
from webapp.core.errors import Invalid, Malformed, TooLarge
from webapp.extensions import csrf

from .htmx import render

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "BEARER",
    "Amount",
    "Answers",
    "Instant",
    "PageQuery",
    "Shape",
    "Taken",
    "answers",
    "checked",
    "paginated",
    "register",
    "spec",
    "validate",
]

M = TypeVar("M", bound=BaseModel)
BEARER: dict[str, list[str]] = {"bearer": []}
LARGEST_PAGE = 200
LARGEST_BODY = 256 * 1024

Instant = Annotated[
    dt.datetime, PlainSerializer(lambda at: at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"), return_type=str)
]
Amount = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str)]


def iso_day(value: Any) -> Any:
    """Before pydantic reads a date: only `YYYY-MM-DD`. A number would be read as seconds since 1970, a time would be cut off."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        if isinstance(value, str) and len(value.strip()) == 10:
            return dt.date.fromisoformat(value.strip())
    except ValueError:
        pass
    raise PydanticCustomError("date_parsing", "a date is written YYYY-MM-DD")


class Shape(BaseModel):
    """Base of what the API takes and gives: unknown names are refused, texts are stripped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, from_attributes=True)


class Taken(BaseModel):
    """Base of what the desk's endpoints take: unknown names are ignored, so that newer clients can talk to an older house."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    @field_validator("*", mode="after")
    @classmethod
    def without_nul(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("must not contain the character NUL")
        return value


class ErrorBody(BaseModel):
    """Why a request was refused. `code` is stable, `message` is for people."""

    code: str = Field(examples=["ROOM_OVERLAP_CONFLICT"])
    message: str
    field: str | None = None
    details: dict[str, Any] | None = None


class ErrorEnvelope(BaseModel):
    """Every answer of 400 and above."""

    error: ErrorBody


class PageQuery(Shape):
    """Which part of a list."""

    page: int = Field(1, ge=1, le=100_000)
    page_size: int = Field(50, ge=1, le=LARGEST_PAGE)


_UNREADABLE = (
    "missing",
    "extra_forbidden",
    "_type",
    "_parsing",
    "json_invalid",
    "enum",
    "literal_error",
    "none_required",
)


def _refuse(request_: Any, response: Any, error: Exception | None, view: Any, adapter: Any) -> None:
    """Before the view: turn what pydantic found into the envelope. Raises Malformed or Invalid."""
    _check_body()
    if not isinstance(error, ValidationError):
        return
    found = error.errors(include_url=False, include_context=False, include_input=False)
    for one in found:
        one["msg"] = one["msg"].removeprefix("Value error, ")  # pydantic's own word before what our checks say
    first = found[0]
    field = ".".join(str(part) for part in first["loc"]) or None
    message = f"{field}: {first['msg']}" if field else first["msg"]
    details = {"fields": {".".join(map(str, one["loc"])): one["msg"] for one in found}}
    is_unreadable = any(one["type"].endswith(_UNREADABLE) for one in found)
    raise (Malformed if is_unreadable else Invalid)(message, field=field, details=details) from error


def checked(model: type[M], values: Any) -> M:
    """`values` as `model`, for views that check their input themselves. Raises Malformed or Invalid."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        _refuse(None, None, error, None, None)
        raise


def _check_body() -> None:
    """A body that is no JSON object would otherwise look like an empty one."""
    if request.method in ("GET", "HEAD", "DELETE") or not request.content_length:
        return
    if request.content_length > LARGEST_BODY:
        raise TooLarge(_("The body is larger than we can take."))
    if not request.is_json:
        raise Malformed(_("Send JSON, with Content-Type: application/json."))
    try:
        body = request.get_json()
    except BadRequest:
        raise Malformed(_("The body is not valid JSON.")) from None
    if not isinstance(body, dict):
        raise Malformed(_("The body must be a JSON object."))


spec = SpecTree(
    "flask",
    title="Innkeep",
    description="Reservations, rooms and guests of a hotel. Errors have one envelope, lists come in pages.",
    version="1",
    mode="strict",
    page_templates={},
    before=_refuse,
    validation_error_status=400,
    validation_error_model=ErrorEnvelope,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda parent, child: child,
    security_schemes=[
        SecurityScheme(
            name="bearer", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer", bearer_format="JWT")
        )
    ],
)


def validate(**options: Any) -> Callable:
    """`spec.validate`; the answer's shape is documented but not checked again, tests do that."""
    return spec.validate(**options)


def answers(model: type[BaseModel], status: int = 200, *refusals: int) -> Answers:
    """What an endpoint of the staff answers: `model` when all is well, the error envelope for what may be refused."""
    refused = (400, 401, 403, 404, 422, 429, *refusals)
    return Answers(**{f"HTTP_{status}": model}, **{f"HTTP_{code}": ErrorEnvelope for code in refused})


def register(app: Flask, blueprint: Blueprint) -> None:
    """Register a blueprint of JSON endpoints. They are exempt from CSRF because they ignore the session cookie."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


def paginated(query: Select, page: PageQuery, as_json: Callable[[Any], Any]) -> dict[str, Any]:
    """One page of `query` (ordered, of one entity): count, next, previous, results."""
    count = db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = db.session.scalars(query.limit(page.page_size).offset((page.page - 1) * page.page_size)).unique().all()
    return page_of([as_json(row) for row in rows], count, page)


def page_of(results: Sequence[Any], count: int, page: PageQuery) -> dict[str, Any]:
    """The envelope of a list, around results that are ready."""
    has_next = page.page * page.page_size < count
    return {
        "count": count,
        "next": _address_of(page.page + 1) if has_next else None,
        "previous": _address_of(min(page.page - 1, _last_page(count, page))) if page.page > 1 else None,
        "results": list(results),
    }


def _last_page(count: int, page: PageQuery) -> int:
    return max(1, -(-count // page.page_size))


def _address_of(number: int) -> str:
    arguments = MultiDict(request.args)
    arguments["page"] = str(number)
    return f"{request.base_url}?{urlencode(list(arguments.items(multi=True)))}"


def description() -> dict[str, Any]:
    """The OpenAPI document. Every operation may be refused in the one envelope; a list that is a file too says so."""
    document = dict(spec.spec)
    envelope = {"$ref": f"#/components/schemas/{ErrorEnvelope.__name__}"}
    for operations in document["paths"].values():
        for operation in operations.values():
            refused = {"description": "Refused", "content": {"application/json": {"schema": envelope}}}
            operation["responses"].setdefault("default", refused)
            if any("csv" in parameter["schema"].get("enum", ()) for parameter in operation["parameters"]):
                operation["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    return document


blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/api/openapi.json")
def openapi() -> Any:
    return jsonify(description())


@blueprint.get("/api/docs")
def docs() -> Any:
    """The description for people: one page, no script."""
    document = description()
    return render(
        "api/docs.html", info=document["info"], groups=_groups(document), schemas=document["components"]["schemas"]
    )


def _groups(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Operations by their first tag, in the order of their addresses."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            entry = {**operation, "method": method.upper(), "path": path}
            entry["body"] = _shape_of(operation.get("requestBody", {}))
            entry["answers"] = {status: _shape_of(answer) for status, answer in operation["responses"].items()}
            groups.setdefault((operation["tags"] or ["Other"])[0], []).append(entry)
    return groups


def _shape_of(message: dict[str, Any]) -> str:
    """Name of the JSON shape of a body or an answer; empty when it has none."""
    content: dict[str, Any] = message.get("content", {}).get("application/json", {})
    return _name(content.get("schema", {}))


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.filters["schema_type"] = schema_type


def schema_type(schema: dict[str, Any]) -> str:
    """A property's type in one word or two."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " | ".join(schema_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"[{schema_type(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")
