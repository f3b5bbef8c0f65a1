"""Photos of documents: what is taken, what is refused, and that nothing but the picture survives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from webapp.core.errors import AppError, Invalid, TooLarge
from webapp.core.photos import LONGEST_SIDE, MOST_BYTES, clean_photo, preview_of


def picture(size: tuple[int, int] = (640, 400), mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, size, "white" if mode == "RGB" else (10, 20, 30, 0))
    image.paste((200, 30, 30) if mode == "RGB" else (200, 30, 30, 255), (0, 0, size[0] // 2, size[1]))
    return image


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels are a few compressed bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_photos_of_phones_become_plain_jpegs(app, kind):
    photo = clean_photo(saved(picture(), kind))
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (640, 400))
    assert (photo.width, photo.height) == (640, 400)


def test_a_large_photo_is_made_smaller(app):
    photo = clean_photo(saved(picture((5000, 4000))))
    assert max(photo.width, photo.height) == LONGEST_SIDE


def test_a_photo_is_turned_upright_and_loses_everything_else(app):
    exif = Image.Exif()
    exif[0x0112] = 6  # lying on its side
    exif[0x010E] = "SECRET-DESCRIPTION"
    exif.get_ifd(0x8825)[1] = "N"  # position
    data = saved(picture((800, 400)), exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE")
    assert b"SECRET-COMMENT" in data
    photo = clean_photo(data)
    assert (photo.width, photo.height) == (400, 800)
    assert b"SECRET" not in photo.content
    assert b"Exif" not in photo.content
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert not kept.getexif()


def test_transparent_parts_become_white(app):
    photo = clean_photo(saved(picture(mode="RGBA"), "PNG"))
    with Image.open(io.BytesIO(photo.content)) as kept:
        assert min(kept.getpixel((630, 390))) > 245


REFUSED = {
    "nothing": (b"", "PHOTO_MISSING"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "PHOTO_FORMAT"),
    "html": (b"<!doctype html><p>photo</p>", "PHOTO_FORMAT"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PHOTO_FORMAT"),
    "gif": (b"GIF89a" + b"\0" * 100, "PHOTO_FORMAT"),
    "text": (b"this is my passport", "PHOTO_FORMAT"),
    "gif behind a PNG's first bytes": (b"\x89PNG\r\n\x1a\n" + b"GIF89a" * 50, "PHOTO_DAMAGED"),
    "JPEG without an end": (saved(picture())[:700], "PHOTO_DAMAGED"),
    "JPEG with a script": (saved(picture(), comment=b"<script>alert(1)</script>"), "PHOTO_POLYGLOT"),
    "JPEG with a PHP page": (saved(picture()) + b"<?php system($_GET['c']);", "PHOTO_POLYGLOT"),
    "JPEG with a PDF": (saved(picture()) + b"%PDF-1.4", "PHOTO_POLYGLOT"),
    "thumbnail": (saved(picture((60, 40))), "PHOTO_TOO_SMALL"),
    "40,000 x 40,000 PNG": (png_header(40_000, 40_000), "PHOTO_TOO_LARGE"),
    "60 megapixels": (png_header(10_000, 6_000), "PHOTO_TOO_LARGE"),
    "PNG that claims more than it holds": (png_header(3_000, 3_000), "PHOTO_DAMAGED"),
    "too many bytes": (saved(picture()) + b"\0" * MOST_BYTES, "PHOTO_TOO_LARGE"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_photo_is_refused_with_words(app, name):
    data, code = REFUSED[name]
    with pytest.raises((Invalid, TooLarge)) as refused:
        clean_photo(data)
    assert refused.value.code == code
    assert str(refused.value.message).endswith(".")


def test_a_zip_behind_a_photo_is_refused(app):
    out = io.BytesIO(saved(picture()))
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("run.class", "x")
    with pytest.raises(Invalid) as refused:
        clean_photo(out.getvalue())
    assert refused.value.code == "PHOTO_POLYGLOT"


def test_a_40000_pixel_png_is_refused_without_being_decoded(app):
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(TooLarge):
        clean_photo(png_header(40_000, 40_000))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def outcome(data: bytes) -> str:
    """What became of it: our own JPEG, or the code of the refusal; anything else is a crash."""
    try:
        return "PHOTO_TAKEN" if clean_photo(data).content[:3] == b"\xff\xd8\xff" else "no JPEG"
    except AppError as error:
        return error.code


@given(st.binary(max_size=3_000), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x18ftypheic"]))
def test_any_bytes_are_a_photo_or_refused(worker_app, data, start):
    with worker_app.app_context():
        assert outcome(start + data).startswith("PHOTO_")


@given(st.integers(0, 4_000), st.binary(min_size=1, max_size=40))
def test_a_damaged_photo_is_a_photo_or_refused(worker_app, place, noise):
    data = bytearray(saved(picture((200, 150))))
    data[place : place + len(noise)] = noise
    with worker_app.app_context():
        assert outcome(bytes(data)).startswith("PHOTO_")


def test_the_preview_is_small(app):
    photo = clean_photo(saved(picture((3000, 2000))))
    assert len(preview_of(photo.content)) < 50_000
