"""Made-up guests from everywhere, with the language they read. Telephone numbers are from ranges kept free for fiction."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

# country: (language, given names, family names, whether the family name comes first)
_NAMES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], bool]] = {
    "GB": ("en", ("Oliver", "Amelia", "Harry", "Isla", "George", "Freya", "Callum", "Poppy"),
           ("Whitfield", "Ashworth", "Penrose", "Okafor", "Hartley", "Sinclair", "Tremayne", "Bowen"), False),
    "IE": ("en", ("Aoife", "Cian", "Niamh", "Oisín"), ("Gallagher", "Ní Bhriain", "Kavanagh", "O'Rourke"), False),
    "US": ("en", ("Madison", "Ethan", "Harper", "Noah", "Savannah"), ("Caldwell", "Ramirez", "Lindgren", "Brooks"), False),
    "FR": ("fr", ("Amélie", "Théo", "Chloé", "Étienne", "Maëlle"), ("Moreau", "Delacroix", "Lefèvre", "Garnier"), False),
    "DE": ("de", ("Jürgen", "Annika", "Lukas", "Käthe", "Björn"), ("Schröder", "Großmann", "Köhler", "Vogt"), False),
    "ES": ("es", ("Lucía", "Álvaro", "Martina", "Iñigo"), ("Núñez Ortega", "Ibarra", "Domínguez", "Peña Ruiz"), False),
    "PT": ("pt", ("Beatriz", "João", "Inês", "Tomás"), ("Carvalho", "Magalhães", "Conceição", "Furtado"), False),
    "BR": ("pt", ("Thaís", "Caio", "Rafaela"), ("Araújo", "Siqueira", "Brandão"), False),
    "IT": ("it", ("Giulia", "Matteo", "Alessia", "Nicolò"), ("Bellucci", "Ferraro", "D'Angelo", "Rinaldi"), False),
    "CN": ("zh", ("伟", "晓雯", "静怡", "子轩"), ("王", "陈", "林", "欧阳"), True),
    "JP": ("ja", ("美咲", "陽翔", "さくら", "健太"), ("中村", "小林", "佐々木", "渡辺"), True),
    "AE": ("ar", ("ليلى", "يوسف", "مريم", "خالد"), ("الفاسي", "الهاشمي", "منصور", "العلي"), False),
    "IN": ("hi", ("अनन्या", "रोहन", "प्रिया", "अर्जुन"), ("शर्मा", "वर्मा", "अय्यर", "मेहता"), False),
}  # fmt: skip
_WEIGHTS = {
    "GB": 9,
    "IE": 2,
    "US": 4,
    "FR": 4,
    "DE": 5,
    "ES": 3,
    "PT": 2,
    "BR": 1,
    "IT": 3,
    "CN": 2,
    "JP": 2,
    "AE": 1,
    "IN": 2,
}


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    phone: str | None
    language: str
    country: str


def somebody(numbers: random.Random, number: int) -> Person:
    """A guest. `number` keeps the addresses apart."""
    country = numbers.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    language, given_names, family_names, is_family_first = _NAMES[country]
    given, family = numbers.choice(given_names), numbers.choice(family_names)
    name = f"{family}{given}" if is_family_first else f"{given} {family}"
    return Person(name, f"{_mailbox(given, family)}{number}@guest.example", _phone(country, number), language, country)


def _mailbox(given: str, family: str) -> str:
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").casefold()
    letters = "".join(c for c in plain if c.isascii() and (c.isalpha() or c == "."))
    return letters if len(letters) > 3 else "guest."


def _phone(country: str, number: int) -> str | None:
    if country == "US":
        return f"+1212555{100 + number % 100:04d}"
    if country == "FR":
        return f"+336399800{number % 100:02d}"
    if country in ("GB", "IE", "DE", "ES", "IT"):
        return f"+447700900{number % 1000:03d}"
    return None
