"""What every template must keep to, so that pages work under the policy, right-to-left and on a slow line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment

ROOT = Path(__file__).resolve().parents[2]
WEBAPP = ROOT / "webapp"
STATIC = WEBAPP / "static"
PAGES = sorted(p for p in WEBAPP.rglob("templates/**/*.html") if "email" not in p.parent.name)
STYLES = sorted((STATIC / "css").glob("*.css"))
FORBIDDEN = {
    "style attribute": re.compile(r"<[^>]*\sstyle=", re.DOTALL),
    "inline handler": re.compile(r"\son[a-z]+=[\"']"),
    "hx-on": re.compile(r"hx-on[:=]"),
    "evaluated value": re.compile(r"hx-(vals|headers|confirm)[^=]*=[\"']js:"),
    "filter in a trigger": re.compile(r"hx-trigger=([\"'])[^\"']*\[[^\"']*\1"),
    "another host": re.compile(r"<(script|link|img|use)[^>]*(src|href)=[\"']https?://"),
    "script without nonce": re.compile(r"<script(?![^>]*(nonce=|application/json))[^>]*>"),
}
PHYSICAL = re.compile(
    r"(?<![\w-])(margin|padding|border)-(left|right)\s*:|(?<![\w-])(left|right)\s*:|text-align:\s*(left|right)|float:"
)
ICON_CALL = re.compile(
    r"""(?:\bicon|\bsign)\(\s*"([a-z0-9-]+)"|icon(?:_end)?=\s*"([a-z0-9-]+)"|"icon":\s*"([a-z0-9-]+)\""""
)


def listed(name: str) -> set[str]:
    lines = (STATIC / name).read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


@pytest.mark.parametrize("template", PAGES, ids=lambda p: str(p.relative_to(WEBAPP)))
def test_template_keeps_to_the_policy(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
    broken = [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]
    assert not broken, f"{template.name}: {', '.join(broken)}"


@pytest.mark.parametrize("template", PAGES, ids=lambda p: str(p.relative_to(WEBAPP)))
def test_every_icon_of_a_template_is_in_a_sprite(template: Path) -> None:
    asked = {name for match in ICON_CALL.findall(template.read_text()) for name in match if name}
    assert asked <= listed("icons.txt") | listed("icons-core.txt")


def test_the_macro_knows_the_small_sprite() -> None:
    text = (WEBAPP / "templates/components/icon.html").read_text()
    block = text[text.index("_core = [") : text.index("] -%}")]
    assert set(re.findall(r'"([a-z0-9-]+)"', block)) == listed("icons-core.txt")
    assert not listed("icons-core.txt") & listed("icons.txt")


@pytest.mark.parametrize("sheet", STYLES, ids=lambda p: p.name)
def test_style_sheets_use_logical_directions(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    assert not PHYSICAL.findall(text)


def test_components_compile_and_have_one_name_each() -> None:
    env = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)
    names = [
        name
        for path in sorted((WEBAPP / "templates/components").glob("*.html"))
        for name in re.findall(r"\{%-? macro ([a-z]\w*)\(", path.read_text())
    ]
    for path in PAGES:
        env.parse(path.read_text())
    assert len(names) == len(set(names))
    assert {"button", "field", "form_errors", "table", "dialog", "drawer", "stay_status"} <= set(names)


def test_colours_have_a_light_and_a_dark_side() -> None:
    """A colour written outside the tokens would be right in one scheme only."""
    allowed = {"tokens.css", "print.css"}
    for sheet in STYLES:
        if sheet.name in allowed:
            continue
        text = re.sub(r"light-dark\([^;]*\)|/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        lines = [line for line in text.splitlines() if re.search(r"#[0-9a-f]{6}\b", line) and ".hero" not in line]
        assert not lines, f"{sheet.name}: {lines[:3]}"
