"""The browser assets: hashed names, style sheets put together, errors that say what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from webapp.launcher import assets

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A small `node_modules` of the same shape as the real one."""
    root = tmp_path / "node_modules"
    for path in assets.PACKAGED.values():
        _write(root / path, "/* library */")
    for subset in assets.FONT_SUBSETS:
        _write(root / assets.FONT_PACKAGE / "files" / f"inter-{subset}-wght-normal.woff2", subset)
    _write(
        root / assets.FONT_PACKAGE / "unicode.json", json.dumps({"latin": "U+0000-00FF", "latin-ext": "U+0100-02BA"})
    )
    _write(
        root / "lucide-static" / "icons" / "bed.svg", '<!-- x --><svg\n width="24"\n>\n <path d="M2 4v16" />\n</svg>'
    )
    return root


@pytest.fixture
def static(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    _write(root / "icons.txt", "# icons\nbed\n")
    _write(root / "css" / "app.css", '@layer base;\n@import "base.css" layer(base);\np { mask: url(../icons.svg#bed) }')
    _write(
        root / "css" / "base.css", '@import "../fonts/inter.css";\nb { background: url("data:image/png;base64,AA") }'
    )
    _write(root / "js" / "app.js", 'import { go } from "./lib/go.js";\ngo();')
    _write(root / "js" / "lib" / "go.js", "export function go() {}")
    return root


def test_every_asset_gets_a_name_with_its_hash(static: Path, modules: Path) -> None:
    manifest = assets.build(static, modules)
    assert json.loads((static / "dist" / "manifest.json").read_text()) == manifest
    assert {
        "htmx.js",
        "hx-sse.js",
        "icons.svg",
        "css/app.css",
        "js/app.js",
        "fonts/inter-latin.woff2",
    } <= manifest.keys()
    assert manifest["app.css"] == manifest["css/app.css"]
    for plain, hashed in manifest.items():
        assert hashed != plain
        assert (static / "dist" / hashed).is_file()


def test_style_sheet_is_one_file_with_hashed_references(static: Path, modules: Path) -> None:
    manifest = assets.build(static, modules)
    css = (static / "dist" / manifest["css/app.css"]).read_text()
    assert "@import" not in css
    assert css.index("@layer base{") < css.index("@font-face") < css.index("data:image/png")
    assert f'url("../{manifest["icons.svg"]}#bed")' in css
    assert f'url("../{manifest["fonts/inter-latin.woff2"]}")' in css


def test_a_change_below_changes_the_names_above(static: Path, modules: Path) -> None:
    before = assets.build(static, modules)
    (static / "js" / "lib" / "go.js").write_text("export function go() { return 1 }")
    after = assets.build(static, modules)
    assert before["js/app.js"] != after["js/app.js"]
    assert before["css/app.css"] == after["css/app.css"]
    assert not (static / "dist" / before["js/app.js"]).exists()
    assert f"./{after['js/lib/go.js'].removeprefix('js/')}" in (static / "dist" / after["js/app.js"]).read_text()


def test_sprite_holds_the_icons_that_were_asked_for(static: Path, modules: Path) -> None:
    manifest = assets.build(static, modules)
    svg = (static / "dist" / manifest["icons.svg"]).read_text()
    assert '<symbol id="bed" viewBox="0 0 24 24"' in svg
    assert '<path d="M2 4v16" /></symbol>' in svg


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("icons.txt", "no-such-icon", "no-such-icon"),
        ("css/app.css", '@import "lost.css";', "lost.css"),
        ("css/app.css", "p { mask: url(lost.svg) }", "lost.svg"),
        ("js/lib/go.js", 'import "../app.js";', "circle"),
    ],
)
def test_what_cannot_be_built_is_named(static: Path, modules: Path, name: str, content: str, message: str) -> None:
    (static / name).write_text(content)
    with pytest.raises(assets.AssetError, match=message):
        assets.build(static, modules)


def test_missing_packages_say_what_to_run(static: Path, modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(modules / "htmx.org")
    assert assets.main(["--static", str(static), "--modules", str(modules)]) == 1
    assert "make setup" in capsys.readouterr().err


def test_lockfile_pins_every_package_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) >= 4
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
