"""The translation catalogues: collects every translatable sentence of the code and brings the catalogue of each language in line.

`flask i18n update` extracts and merges, `flask i18n check` says what is missing, unsure or left over, `flask i18n compile` writes
the files that the application reads (the start of the application does so by itself). Nothing is guessed: a changed sentence is a
new one and comes back empty.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from flask.cli import AppGroup

from .i18n import LANGUAGES

if TYPE_CHECKING:
    from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "translations"
SOURCES = ("webapp", "jobs")
METHODS = [
    ("**/sandbox/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.do", "silent": "false"}}
OPTIONS["**/templates/**.txt"] = OPTIONS["**/templates/**.html"]
KEYWORDS = {
    "_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "lazy_pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")

_NOISE = (
    b"POT-Creation-Date",
    b"PO-Revision-Date",
    b"Last-Translator",
    b"Language-Team",
    b"Report-Msgid-Bugs-To",
    b"Generated-By",
)


def extracted() -> Catalog:
    """Every sentence of the source, with the files it stands in."""
    catalogue = Catalog(project="Innkeep", charset="utf-8")
    for source in SOURCES:
        found = extract_from_dir(
            ROOT / source, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("TRANSLATORS:",), strip_comment_tags=True
        )
        for name, _line, message, comments, context in found:
            catalogue.add(message, locations=[(f"{source}/{name}", 0)], auto_comments=comments, context=context)
    return catalogue


def path_of(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def load(language: str) -> Catalog:
    """The catalogue of a language, an empty one when there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="Innkeep", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, source: Catalog) -> Catalog:
    """Merge the sentences of the source into a catalogue and write it: new ones empty, left-over ones gone."""
    known = load(language)
    merged = Catalog(locale=language, project="Innkeep", charset="utf-8", fuzzy=False)
    for message in _messages(source):
        before = known.get(message.id, context=message.context)
        text = before.string if before is not None and not before.fuzzy else ""
        if language == "en" and not _is_translated(text):
            text = message.id
        merged.add(
            message.id, text or ("" if isinstance(message.id, str) else tuple("" for _n in range(merged.num_plurals))),
            locations=[(name, 0) for name, _line in message.locations], auto_comments=message.auto_comments,
            context=message.context,
        )  # fmt: skip
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_as_po(merged))
    return merged


def _as_po(catalogue: Catalog) -> bytes:
    """Without dates and names in the head, so that an update that changes nothing leaves the file as it is."""
    name = catalogue.locale.english_name if catalogue.locale else ""
    catalogue.header_comment = f"# Innkeep in {name}. `flask i18n update` keeps it in line with the source."
    out = io.BytesIO()
    write_po(out, catalogue, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return re.sub(rb'^"(?:%s):.*\\n"\n' % b"|".join(_NOISE), b"", out.getvalue(), flags=re.MULTILINE)


def compile_one(language: str) -> Path:
    target = path_of(language).with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, load(language))
    return target


def problems(language: str, source: Catalog) -> Iterator[str]:
    """What keeps the catalogue of a language from being complete: missing, unsure, left over, or with other placeholders."""
    known = load(language)
    wanted = {(message.context, message.id): message for message in _messages(source)}
    for (context, identity), message in wanted.items():
        found = known.get(identity, context=context)
        if found is None or not _is_translated(found.string):
            yield f"missing: {_short(message)}"
        elif found.fuzzy:
            yield f"unsure: {_short(message)}"
        else:
            yield from _wrong_placeholders(message, found)
    for message in _messages(known):
        if (message.context, message.id) not in wanted:
            yield f"left over: {_short(message)}"


def _wrong_placeholders(source: Message, found: Message) -> Iterator[str]:
    """Every form must have the placeholders of the source; a plural form may leave the number out."""
    wanted = _placeholders(_forms(source.id)[-1])
    for text in _forms(found.string):
        differing = _placeholders(text) ^ wanted
        if differing - ({"num"} if len(_forms(source.id)) > 1 else set()):
            yield f"placeholders differ ({', '.join(sorted(differing))}): {_short(source)}"
        if re.search(r"%(?!\(\w+\)[sd])", text.replace("%%", "")) and wanted:
            yield f"broken placeholder: {_short(source)}"


def _forms(text: object) -> list[str]:
    """The singular and the plurals of a sentence, or the one form it has."""
    return [str(form) for form in text] if isinstance(text, (tuple, list)) else [str(text or "")]


def _placeholders(text: str) -> set[str]:
    return {match[1] for match in _PLACEHOLDER.finditer(text) if match[1]}


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _is_translated(text: object) -> bool:
    return all(_forms(text))


def _short(message: Message) -> str:
    text = _forms(message.id)[0]
    return text if len(text) <= 90 else text[:89] + "…"


commands = AppGroup("i18n", help="Translation catalogues.")


@commands.command("update")
@click.argument("languages", nargs=-1)
def update_command(languages: tuple[str, ...]) -> None:
    """Bring catalogues in line with the source (all of them when no language is named)."""
    source = extracted()
    for language in languages or LANGUAGES:
        update(language, source)
        open_ones = sum(1 for problem in problems(language, source))
        click.echo(f"{language}: {len(_messages(source))} sentences, {open_ones} to be written")


@commands.command("check")
@click.argument("languages", nargs=-1)
@click.option("--all", "show_all", is_flag=True, help="Every problem, not only the first twenty of a language.")
def check_command(languages: tuple[str, ...], show_all: bool) -> None:
    """Say what is missing, unsure or left over; ends with an error when there is anything."""
    source, is_good = extracted(), True
    for language in languages or LANGUAGES:
        found = list(problems(language, source))
        is_good = is_good and not found
        click.echo(f"{language}: {len(found)} problems")
        for problem in found if show_all else found[:20]:
            click.echo(f"  {problem}")
    if not is_good:
        raise SystemExit(1)


@commands.command("extract")
@click.argument("target", type=click.Path(path_type=Path), default=FOLDER / "messages.pot")
def extract_command(target: Path) -> None:
    """Write every sentence of the source into a template for translation programs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        write_po(file, extracted(), width=120, sort_output=True)
    click.echo(str(target))


@commands.command("compile")
def compile_command() -> None:
    """Write the files that the application reads."""
    for language in LANGUAGES:
        if path_of(language).exists():
            click.echo(str(compile_one(language)))


def init_app(app: Flask) -> None:
    app.cli.add_command(commands)
