"""Compiles the message catalogues that changed: `.po` in the repository, `.mo` beside it for the application."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]


def compile_changed(folder: Path = ROOT / "translations") -> list[Path]:
    """Write the `.mo` of every catalogue below `folder` that is newer than it, fuzzy entries left out; returns those written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3])
        content = io.BytesIO()
        write_mo(content, catalogue)
        temporary = target.with_name(f".{target.name}.new")
        temporary.write_bytes(content.getvalue())
        temporary.replace(target)
        written.append(target)
    return written
