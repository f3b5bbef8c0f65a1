"""Turns what a guest sends as a photo into a plain JPEG of our own making, or says in words why it cannot.

The bytes of the guest are never kept or shown: the picture is decoded, turned upright, made smaller and written anew, so that
nothing else they may carry (position, thumbnails, scripts, a second format) survives. Size is bounded before anything is decoded.
"""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pillow_heif
from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from webapp.core.errors import Invalid, TooLarge, Unavailable

MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 50_000_000
LEAST_SIDE = 100  # pixels of the shorter side; nothing on a smaller picture can be read
LONGEST_SIDE = 2_000
QUALITY = 85
AT_ONCE = 2  # decodings in one process: 50 megapixels take 150 MB
WAIT_SECONDS = 20

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
pillow_heif.register_heif_opener(thumbnails=False)

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# Beginnings of formats that browsers or readers would act on, long enough not to occur in a picture by chance.
_FOREIGN = (b"<script", b"<svg", b"<html", b"<!doctype", b"<?php", b"%pdf-", b"rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_decoders = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Photo:
    """A JPEG without metadata."""

    content: bytes = field(repr=False)
    width: int
    height: int


def clean_photo(data: bytes) -> Photo:
    """The picture in `data` as we keep it. Raises Invalid or TooLarge with words for the guest."""
    if not data:
        raise Invalid(_("No photo has arrived. Please choose or take one."), "PHOTO_MISSING", field="photo")
    if len(data) > MOST_BYTES:
        raise TooLarge(
            _("The photo is larger than 15 MB. Please send a smaller one."), "PHOTO_TOO_LARGE", field="photo"
        )
    _refuse_other_formats(data)
    with _one_of_few(), _opened(data) as picture:
        if min(picture.size) < LEAST_SIDE:
            raise Invalid(
                _("The photo is too small to be read. Please take it again."), "PHOTO_TOO_SMALL", field="photo"
            )
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        return _written_anew(picture, LONGEST_SIDE, QUALITY)


def preview_of(content: bytes, longest_side: int = 640) -> bytes:
    """A small version of a photo of ours, to be looked at on a phone."""
    with _one_of_few(), Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
        picture.draft("RGB", (longest_side, longest_side))
        return _written_anew(picture, longest_side, 70).content


def _refuse_other_formats(data: bytes) -> None:
    is_photo = data[:3] == b"\xff\xd8\xff" or data[:8] == b"\x89PNG\r\n\x1a\n"
    is_photo = is_photo or (data[4:8] == b"ftyp" and any(brand in data[8:64] for brand in _HEIF_BRANDS))
    if not is_photo:
        raise Invalid(
            _("This is not a photo that we can read. Please send a JPEG, PNG or HEIC photo."),
            "PHOTO_FORMAT", field="photo",
        )  # fmt: skip
    lowered = data.lower()
    if any(mark in lowered for mark in _FOREIGN) or zipfile.is_zipfile(io.BytesIO(data)):
        raise Invalid(
            _("This file holds more than a photo, so we cannot take it. Please take the photo with your camera."),
            "PHOTO_POLYGLOT", field="photo",
        )  # fmt: skip


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _decoders.acquire(timeout=WAIT_SECONDS):
        raise Unavailable(_("Many photos are arriving at this moment. Please try again shortly."))
    try:
        yield
    finally:
        _decoders.release()


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture, its size checked by its header. Whatever goes wrong inside is told as a photo that cannot be read."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "HEIF")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge(
            _("The photo has more than 50 megapixels. Please send a smaller one."), "PHOTO_TOO_LARGE", field="photo"
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, RuntimeError, MemoryError, KeyError, TypeError,
            IndexError, ZeroDivisionError):  # fmt: skip
        raise Invalid(
            _("The photo cannot be read; it may be damaged. Please take it again."), "PHOTO_DAMAGED", field="photo"
        ) from None


def _written_anew(picture: Image.Image, longest_side: int, quality: int) -> Photo:
    picture.load()
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands() or "transparency" in upright.info:
        layered = upright.convert("RGBA")
        plain = Image.new("RGB", layered.size, "white")
        plain.paste(layered, mask=layered.getchannel("A"))
    else:
        plain = upright.convert("RGB")
    plain.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    plain.info = {}  # a comment would be written along
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=quality, optimize=True)
    return Photo(out.getvalue(), plain.width, plain.height)
