"""Shapes of the accounts' JSON."""

from __future__ import annotations

from pydantic import Field

from webapp.web.api import Shape


class TokenRequest(Shape):
    """A sign-in of a program."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=300)
    totp: str | None = Field(
        None, max_length=40, description="One-time or recovery code, when the account asks for one"
    )


class RefreshRequest(Shape):
    """A refresh token; it works once."""

    refresh_token: str = Field(max_length=200)


class TokenPair(Shape):
    """Send the access token as `Authorization: Bearer …`."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds until the access token ends")


class MeUser(Shape):
    email: str
    name: str
    language: str


class MeHotel(Shape):
    slug: str
    name: str
    timezone: str
    currency: str
    business_date: str


class Me(Shape):
    """Who the token belongs to, and what they may do in this hotel."""

    user: MeUser
    hotel: MeHotel
    role: str
    permissions: list[str]
