"""Builds the browser assets: `python -m webapp.launcher.assets`.

Reads the pinned npm packages in `node_modules/` and our own `webapp/static/` (css, js, img, icons.txt) and writes
`webapp/static/dist/`: every file under a name that holds the hash of its content, and `manifest.json` from plain to hashed
names, so that everything except the manifest may be cached for ever.

- `htmx.js`, `hx-sse.js`, …: the library and its extensions (morphing is part of the library)
- `icons.svg` and `icons-core.svg`: sprites of the lucide icons named in `icons.txt` and `icons-core.txt` (what guest pages need), used as
  `<use href="…#name">`
- `fonts/inter-latin.woff2`, `fonts/inter-latin-ext.woff2`, and `fonts/inter.css` that declares them as "Inter Variable"
- `css/…`, `js/…`, `img/…`: ours. A relative `@import "x.css" layer(y);` is put in place, so a page loads one style sheet;
  relative `url(…)` and JavaScript imports are rewritten to hashed names. Comments and needless blanks of style sheets go.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import posixpath
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN_FOLDERS = ("css", "js", "img")
PACKAGED = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
    "hx-head.js": "htmx.org/dist/ext/hx-head.min.js",
    "hx-preload.js": "htmx.org/dist/ext/hx-preload.min.js",
    "hx-csp.js": "htmx.org/dist/ext/hx-csp.min.js",
}
FONT_SUBSETS = ("latin", "latin-ext")
FONT_PACKAGE = "@fontsource-variable/inter"

_CSS_IMPORT = re.compile(r"""@import\s+(?:url\()?["']([^"':]+)["']\)?\s*(?:layer\(([\w.-]+)\))?\s*;""")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')#?:]+)((?:[#?][^"')]*)?)["']?\s*\)""")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_BLANK = re.compile(r"\s*([{};,])\s*")
_JS_IMPORT = re.compile(r"""((?:\bfrom|\bimport)\s*\(?\s*)(["'])(\.{1,2}/[^"']+)\2""")
_SVG = re.compile(r"<svg\b(?P<attributes>[^>]*)>(?P<body>.*)</svg>", re.DOTALL)


class AssetError(Exception):
    """The assets cannot be built; the message says what is missing and what to do."""


@dataclass
class Build:
    """The sources of one build by plain name, and the hashed names that are already known."""

    sources: dict[str, bytes]
    names: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)

    def hashed_name(self, name: str) -> str:
        """The hashed name of `name`; what it refers to is settled first, as that is part of its content."""
        if name not in self.names:
            if name in self.pending:
                raise AssetError(f"{' → '.join([*self.pending, name])}: these files import each other in a circle")
            self.pending.append(name)
            content = self._finished(name)
            self.pending.pop()
            stem, suffix = posixpath.splitext(name)
            self.names[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
            self.contents[name] = content
        return self.names[name]

    def _finished(self, name: str) -> bytes:
        if name not in self.sources:
            raise AssetError(
                f"{self.pending[-2] if len(self.pending) > 1 else name} refers to {name}, which does not exist"
            )
        if name.endswith(".css"):
            return minified(self._css(name)).encode()
        if name.endswith(".js") and name.startswith("js/"):
            return _JS_IMPORT.sub(
                lambda m: f"{m[1]}{m[2]}./{self._reference(name, m[3])}{m[2]}", self.sources[name].decode()
            ).encode()
        return self.sources[name]

    def _reference(self, name: str, target: str) -> str:
        folder = posixpath.dirname(name)
        return posixpath.relpath(self.hashed_name(posixpath.normpath(posixpath.join(folder, target))), folder or ".")

    def _css(self, name: str, inlined_into: str = "") -> str:
        """The text of a style sheet with its relative imports in place and its references hashed."""
        page = inlined_into or name
        folder = posixpath.dirname(name)

        def imported(match: re.Match[str]) -> str:
            target = posixpath.normpath(posixpath.join(folder, match[1]))
            if target not in self.sources:
                raise AssetError(f"{name} imports {target}, which does not exist")
            text = self._css(target, page)
            return f"@layer {match[2]} {{\n{text}\n}}" if match[2] else text

        def referred(match: re.Match[str]) -> str:
            if match[1].startswith("/"):
                return match[0]
            target = posixpath.normpath(posixpath.join(folder, match[1]))
            return f'url("{posixpath.relpath(self.hashed_name(target), posixpath.dirname(page) or ".")}{match[2]}")'

        text = self.sources[name].decode()
        pieces = _CSS_IMPORT.split(text)
        out = [_CSS_URL.sub(referred, pieces[0])]
        for match, rest in zip(_CSS_IMPORT.finditer(text), pieces[3::3], strict=True):
            out += [imported(match), _CSS_URL.sub(referred, rest)]
        return "".join(out)


def minified(css: str) -> str:
    """The same rules without comments and without blanks that mean nothing. No string of ours holds a brace or a double blank."""
    return _CSS_BLANK.sub(r"\1", re.sub(r"\s+", " ", _CSS_COMMENT.sub("", css))).replace(";}", "}").strip()


def icon_names(listing: Path) -> list[str]:
    """The icons that a list asks for, without comments and doubles."""
    lines = (line.split("#")[0].strip() for line in listing.read_text().splitlines())
    return sorted({line for line in lines if line})


def sprite(names: list[str], icons: Path) -> bytes:
    """One SVG with a `<symbol>` per icon. Strokes follow the text colour of the place that uses it."""
    symbols = []
    for name in names:
        path = icons / f"{name}.svg"
        if not path.is_file():
            raise AssetError(
                f"the list of icons asks for {name!r}, which lucide does not have; look at https://lucide.dev/icons"
            )
        match = _SVG.search(path.read_text())
        if match is None:
            raise AssetError(f"{path} is not an SVG image")
        body = re.sub(r">\s+<", "><", match["body"].strip())
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    licence = "<!-- Icons: lucide, ISC licence, https://lucide.dev -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{licence}{"".join(symbols)}</svg>\n'.encode()


def font_sheet(ranges: dict[str, str]) -> bytes:
    """The @font-face rules of the subsets that we serve. Inter: SIL Open Font Licence 1.1."""
    faces = [
        f"""@font-face {{
  font-family: "Inter Variable";
  font-style: normal;
  font-weight: 100 900;
  font-display: swap;
  src: url("inter-{subset}.woff2") format("woff2");
  unicode-range: {ranges[subset]};
}}"""
        for subset in FONT_SUBSETS
    ]
    return "\n".join(faces).encode()


def sources(static: Path, modules: Path) -> dict[str, bytes]:
    """Everything that goes into a build, by plain name."""
    found: dict[str, bytes] = {}
    fonts = modules / FONT_PACKAGE
    wanted = {name: modules / path for name, path in PACKAGED.items()}
    wanted |= {f"fonts/inter-{s}.woff2": fonts / "files" / f"inter-{s}-wght-normal.woff2" for s in FONT_SUBSETS}
    for name, path in wanted.items():
        if not path.is_file():
            raise AssetError(f"{path} is missing; run `make setup` (it installs the browser packages with npm)")
        found[name] = path.read_bytes()
    found["fonts/inter.css"] = font_sheet(json.loads((fonts / "unicode.json").read_text()))
    for listing in sorted(static.glob("icons*.txt")):
        found[f"{listing.stem}.svg"] = sprite(icon_names(listing), modules / "lucide-static" / "icons")
    for folder in OWN_FOLDERS:
        for path in sorted((static / folder).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                found[path.relative_to(static).as_posix()] = path.read_bytes()
    return found


def build(static: Path = ROOT / "webapp" / "static", modules: Path = ROOT / "node_modules") -> dict[str, str]:
    """Write `static/dist` and return its manifest.

    Files appear before the manifest names them and old ones go after it, so a process that reads meanwhile finds what it
    asks for; of two builds at once the second waits. Raises AssetError.
    """
    plan = Build(sources(static, modules))
    dist = static / "dist"
    manifest = {name: plan.hashed_name(name) for name in sorted(plan.sources)}
    files = dict(manifest)
    manifest |= {short: files[name] for name in files for short in _short_names(name) if short not in files}
    dist.mkdir(parents=True, exist_ok=True)
    with (dist / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name, hashed in files.items():
            _write(dist / hashed, plan.contents[name])
        _write(dist / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
        _remove_others(dist, {".lock", "manifest.json", *manifest.values()})
    return manifest


def _short_names(name: str) -> list[str]:
    """`css/app.css` may also be called `app.css`."""
    folder, _, rest = name.partition("/")
    return [rest] if folder in ("css", "js") else []


def _remove_others(dist: Path, current: set[str]) -> None:
    for path in dist.rglob("*"):
        if path.is_file() and path.relative_to(dist).as_posix() not in current:
            path.unlink()


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m webapp.launcher.assets", description="Build the browser assets.")
    parser.add_argument("--static", type=Path, default=ROOT / "webapp" / "static")
    parser.add_argument("--modules", type=Path, default=ROOT / "node_modules")
    options = parser.parse_args(arguments)
    try:
        manifest = build(options.static, options.modules)
    except AssetError as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    sys.stdout.write(f"assets: {len(manifest)} files in {options.static / 'dist'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
