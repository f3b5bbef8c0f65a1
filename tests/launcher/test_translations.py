"""Message catalogues are compiled when they changed, and only then."""

from __future__ import annotations

import gettext
import os
from pathlib import Path

from webapp.launcher.translations import compile_changed

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Room"
msgstr "Zimmer"

#, fuzzy
msgid "Key"
msgstr "Taste"
"""


def test_changed_catalogues_are_compiled_without_fuzzy_entries(tmp_path: Path) -> None:
    source = tmp_path / "de" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO)
    target = source.with_suffix(".mo")
    assert compile_changed(tmp_path) == [target]
    with target.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    assert (catalogue.gettext("Room"), catalogue.gettext("Key")) == ("Zimmer", "Key")
    assert compile_changed(tmp_path) == []

    source.write_text(PO.replace("Zimmer", "Stube"))
    os.utime(source, (target.stat().st_mtime + 2,) * 2)
    assert compile_changed(tmp_path) == [target]
    with target.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Room") == "Stube"
