"""Every catalogue says all that the source says: nothing missing, unsure, left over, or with other placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webapp.web import catalogues
from webapp.web.catalogues import extracted, load, path_of, problems, update
from webapp.web.i18n import LANGUAGES


@pytest.fixture(scope="module")
def source():
    return extracted()


def test_catalogues_are_complete(source):
    assert all(path_of(code).exists() for code in LANGUAGES)
    open_ones = {code: found for code in LANGUAGES if (found := list(problems(code, source)))}
    assert open_ones == {}, "run: flask i18n update, then translate what is empty"


def test_sentences_are_found_in_code_and_in_templates_of_every_kind(source):
    places = {name for message in source for name, _line in message.locations}
    assert any(name.endswith(".py") for name in places)
    assert any(name.endswith("emails/checkin_link.html") for name in places)
    assert any(name.endswith("sms/checkin_link.txt") for name in places)
    assert not any("/sandbox/" in name for name in places)


def test_sentences_are_marked_by_names_that_are_looked_for():
    """Under another name they would be left out of the catalogues, and nobody would miss them."""
    folder = Path(catalogues.__file__).parents[1]
    renamed = re.compile(r"import .*gettext as (?!_$)\w+", re.MULTILINE)
    assert [str(path) for path in folder.rglob("*.py") if renamed.search(path.read_text())] == []


def test_the_checks_find_what_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    before = catalogues.Catalog()
    before.add("Gone")
    for text in ("Missing", "Hello %(name)s", "Right", "Broken %(name)s"):
        before.add(text)
    before.add(("%(num)d night", "%(num)d nights"))
    update("fr", before)
    path = path_of("fr")
    po = path.read_text()
    for text, answer in {
        "Gone": "Parti", "Hello %(name)s": "Bonjour %(nom)s", "Right": "Juste", "Broken %(name)s": "Cassé %(name)s % fin",
    }.items():  # fmt: skip
        po = po.replace(f'msgid "{text}"\nmsgstr ""', f'msgid "{text}"\nmsgstr "{answer}"')
    po = po.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "une nuit"\nmsgstr[1] "%(num)d nuits"')
    path.write_text(po)
    after = catalogues.Catalog()
    for message in before:
        if message.id and message.id != "Gone":
            after.add(message.id)
    assert sorted(problems("fr", after)) == [
        "broken placeholder: Broken %(name)s",
        "left over: Gone",
        "missing: Missing",
        "placeholders differ (name, nom): Hello %(name)s",
    ]


def test_an_update_keeps_what_is_written_and_drops_what_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    source = catalogues.Catalog()
    source.add("Kept")
    source.add("Dropped")
    update("de", source)
    path = path_of("de")
    path.write_text(path.read_text().replace('msgid "Kept"\nmsgstr ""', 'msgid "Kept"\nmsgstr "Behalten"'))
    changed = catalogues.Catalog()
    changed.add("Kept")
    changed.add("New")
    update("de", changed)
    assert load("de").get("Kept").string == "Behalten"
    assert load("de").get("Dropped") is None
    first = path.read_bytes()
    update("de", changed)
    assert path.read_bytes() == first


def test_english_is_its_own_translation(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    source = catalogues.Catalog()
    source.add("Check in")
    source.add(("%(num)d night", "%(num)d nights"))
    update("en", source)
    assert list(problems("en", source)) == []
