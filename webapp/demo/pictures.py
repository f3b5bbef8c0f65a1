"""Pictures of the demo's rooms, drawn here: plain shapes in the colours of each house, no photo of anybody else."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1280, 800
SHARPER = 2  # drawn so many times larger, then made smaller: smooth edges
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """The colours of a room, and what stands in it. `beds`: widths of its beds, as shares of the picture's width."""

    wall: Colour
    floor: Colour
    cloth: Colour
    wood: Colour
    sky: tuple[Colour, Colour]
    beds: tuple[float, ...]
    has_bunk: bool = False
    has_lantern: bool = False
    has_tub: bool = False
    hills: Colour = (92, 122, 108)


class Canvas:
    """Draws in parts of a thousand of the width, so that a picture is the same at every size."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * SHARPER, HEIGHT * SHARPER))
        self.pen = ImageDraw.Draw(self.image)

    def _at(self, *numbers: float) -> list[float]:
        return [number * WIDTH * SHARPER / 1000 for number in numbers]

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, radius: float = 0) -> None:
        self.pen.rounded_rectangle(self._at(left, top, right, bottom), self._at(radius)[0], colour)

    def disc(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.pen.ellipse(self._at(left, top, right, bottom), colour)

    def shape(self, *points: float, colour: Colour) -> None:
        self.pen.polygon(self._at(*points), colour)

    def fade(self, left: float, top: float, right: float, bottom: float, above: Colour, below: Colour) -> None:
        x1, y1, x2, y2 = (int(number) for number in self._at(left, top, right, bottom))
        for y in range(y1, y2):
            self.pen.line((x1, y, x2, y), mixed(above, below, (y - y1) / max(1, y2 - y1)))

    def as_jpeg(self) -> bytes:
        out = io.BytesIO()
        self.image.reduce(SHARPER).save(out, "JPEG", quality=88)
        return out.getvalue()


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float = 0.3) -> Colour:
    return mixed(colour, (255, 255, 255), share)


def darker(colour: Colour, share: float = 0.2) -> Colour:
    return mixed(colour, (20, 24, 34), share)


@cache
def room(look: Look) -> bytes:
    """The room with its window and its beds, as a JPEG."""
    canvas = Canvas()
    canvas.fade(0, 0, 1000, 470, lighter(look.wall, 0.15), look.wall)
    canvas.fade(0, 470, 1000, 625, look.floor, darker(look.floor, 0.25))
    canvas.box(0, 462, 1000, 474, lighter(look.wall, 0.6))
    _window(canvas, look, 600, 70, 900, 330)
    canvas.shape(610, 474, 890, 474, 960, 625, 520, 625, colour=lighter(look.floor, 0.16))  # light on the floor
    canvas.box(90, 110, 190, 190, lighter(look.wall, 0.7))
    canvas.fade(98, 118, 182, 182, look.sky[1], look.hills)
    if look.has_tub:
        _tub(canvas)
    left = 90.0
    for width in look.beds:
        _bed(canvas, look, left, width * 1000)
        left += width * 1000 + 40
    if look.has_bunk:
        _bunk(canvas, look, left + 10)
    _lamp(canvas, look, min(left + (210 if look.has_bunk else 30), 560))
    if look.has_lantern:
        _lantern(canvas, look)
    return canvas.as_jpeg()


def _window(canvas: Canvas, look: Look, left: float, top: float, right: float, bottom: float) -> None:
    canvas.box(left - 14, top - 14, right + 14, bottom + 14, lighter(look.wood, 0.75), 6)
    _sea(canvas, look, left, top, right, bottom)
    middle = (left + right) / 2
    canvas.box(middle - 4, top, middle + 4, bottom, lighter(look.wood, 0.75))
    canvas.box(left, (top + bottom) / 2 - 4, right, (top + bottom) / 2 + 4, lighter(look.wood, 0.75))
    canvas.box(left - 30, bottom + 14, right + 30, bottom + 26, lighter(look.wood, 0.6), 4)
    for outer, inner in ((left - 70, left + 6), (right + 70, right - 6)):
        canvas.shape(
            outer,
            top - 40,
            inner,
            top - 40,
            (outer + inner) / 2,
            bottom,
            outer,
            bottom + 110,
            colour=lighter(look.cloth, 0.55),
        )
        canvas.shape(
            outer, top - 40, (outer * 2 + inner) / 3, top - 40, outer, bottom + 110, colour=lighter(look.cloth, 0.4)
        )
    canvas.box(left - 90, top - 50, right + 90, top - 40, look.wood, 5)


def _sea(canvas: Canvas, look: Look, left: float, top: float, right: float, bottom: float) -> None:
    """Sky, hills, water and two sails."""
    above, below = look.sky
    horizon = top + (bottom - top) * 0.58
    width = right - left
    canvas.fade(left, top, right, horizon, above, below)
    canvas.disc(left + width * 0.68, horizon - width * 0.2, left + width * 0.8, horizon - width * 0.08, (255, 243, 214))
    canvas.shape(
        left, horizon, left, horizon - width * 0.13, left + width * 0.16, horizon - width * 0.16, left + width * 0.34,
        horizon - width * 0.06, left + width * 0.52, horizon, colour=look.hills,
    )  # fmt: skip
    canvas.fade(left, horizon, right, bottom, mixed(above, (46, 110, 140), 0.55), (38, 86, 118))
    for number in range(5):
        y = horizon + (bottom - horizon) * (0.2 + number * 0.17)
        x = left + width * (0.1 + (number * 0.37) % 0.7)
        canvas.box(x, y, x + width * 0.16, y + 2, lighter((46, 110, 140), 0.35), 1)
    for x, size in ((0.42, 0.1), (0.78, 0.06)):
        at, high = left + width * x, width * size
        canvas.shape(
            at, horizon + high * 0.5, at, horizon - high, at + high * 0.7, horizon + high * 0.4, colour=(250, 248, 240)
        )
        canvas.shape(at - high * 0.4, horizon + high * 0.55, at + high * 0.9, horizon + high * 0.55, at + high * 0.6, horizon + high * 0.85, at - high * 0.2, horizon + high * 0.85, colour=look.wood)  # fmt: skip


def _bed(canvas: Canvas, look: Look, left: float, width: float) -> None:
    right = left + width
    canvas.box(left - 8, 270, right + 8, 500, look.wood, 14)
    canvas.box(left, 282, right, 400, lighter(look.wood, 0.16), 10)
    canvas.box(left, 380, right, 540, (250, 248, 244), 16)
    pillows = 2 if width > 220 else 1
    each = (width - 30) / pillows
    for number in range(pillows):
        x = left + 15 + number * each
        canvas.box(x + 5, 348, x + each - 5, 408, (255, 254, 250), 18)
        canvas.box(x + each * 0.2, 372, x + each * 0.8, 414, lighter(look.cloth, 0.25), 14)
    canvas.box(left - 6, 430, right + 6, 570, look.cloth, 16)
    canvas.box(left - 6, 430, right + 6, 456, lighter(look.cloth, 0.5), 12)
    for number in range(1, 5):
        x = left + width * number / 5
        canvas.shape(x, 470, x + 6, 470, x + 12, 566, x + 4, 566, colour=darker(look.cloth, 0.08))
    canvas.box(left, 566, left + 16, 596, darker(look.wood))
    canvas.box(right - 16, 566, right, 596, darker(look.wood))


def _bunk(canvas: Canvas, look: Look, left: float) -> None:
    right = left + 180
    for x in (left, right - 12):
        canvas.box(x, 190, x + 12, 590, look.wood, 4)
    for top in (270, 440):
        canvas.box(left, top, right, top + 60, lighter(look.cloth, 0.15), 10)
        canvas.box(left + 12, top - 16, left + 80, top + 22, (255, 254, 250), 12)
        canvas.box(left, top + 56, right, top + 74, lighter(look.wood, 0.2), 4)
    for y in range(240, 580, 50):
        canvas.box(right - 46, y, right - 8, y + 7, lighter(look.wood, 0.3), 3)


def _lamp(canvas: Canvas, look: Look, left: float) -> None:
    canvas.box(left, 450, left + 90, 462, look.wood, 4)
    canvas.box(left + 10, 462, left + 80, 580, lighter(look.wood, 0.14), 4)
    canvas.box(left + 18, 500, left + 72, 504, darker(look.wood))
    canvas.box(left + 41, 396, left + 49, 450, darker(look.wood, 0.4))
    canvas.shape(left + 22, 400, left + 68, 400, left + 58, 350, left + 32, 350, colour=(252, 226, 168))


def _lantern(canvas: Canvas, look: Look) -> None:
    canvas.box(498, 0, 502, 90, darker(look.wood, 0.5))
    canvas.shape(470, 100, 530, 100, 515, 82, 485, 82, colour=darker(look.wood, 0.4))
    canvas.box(474, 100, 526, 176, (255, 232, 170), 4)
    for x in (474, 498, 522):
        canvas.box(x, 100, x + 4, 176, darker(look.wood, 0.4))
    canvas.box(470, 172, 530, 182, darker(look.wood, 0.4), 2)


def _tub(canvas: Canvas) -> None:
    canvas.box(640, 470, 900, 570, (252, 252, 250), 44)
    canvas.box(630, 462, 910, 482, (238, 240, 240), 10)
    for x in (690, 836):
        canvas.box(x, 564, x + 18, 590, (150, 126, 84), 4)
    canvas.box(880, 410, 888, 466, (150, 126, 84), 3)
    canvas.box(850, 406, 888, 414, (150, 126, 84), 3)


@cache
def view(look: Look) -> bytes:
    """What one sees from the window, over a sill with two cups."""
    canvas = Canvas()
    _sea(canvas, look, 0, 0, 1000, 560)
    for x in (0, 972):
        canvas.box(x, 0, x + 28, 560, lighter(look.wood, 0.7))
    canvas.box(490, 0, 510, 545, lighter(look.wood, 0.7))
    canvas.fade(0, 545, 1000, 625, lighter(look.wood, 0.55), lighter(look.wood, 0.35))
    for x in (180, 300):
        canvas.box(x, 505, x + 66, 570, lighter(look.cloth, 0.35), 14)
        canvas.disc(x + 54, 518, x + 90, 554, lighter(look.cloth, 0.35))
        canvas.disc(x + 62, 526, x + 82, 546, mixed(look.sky[1], look.wood, 0.4))
        canvas.disc(x + 4, 500, x + 62, 516, (92, 62, 44))
    canvas.box(740, 470, 800, 566, lighter(look.cloth, 0.6), 8)
    for x, y in ((770, 380), (738, 408), (806, 402)):
        canvas.shape(768, 474, 772, 474, x + 2, y, x - 2, y, colour=(86, 120, 86))
        canvas.disc(x - 24, y - 22, x + 24, y + 22, mixed((240, 190, 84), look.cloth, 0.2))
        canvas.disc(x - 8, y - 8, x + 8, y + 8, (250, 238, 206))
    return canvas.as_jpeg()
