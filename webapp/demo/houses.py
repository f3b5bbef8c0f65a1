"""What the demo hotels are like: names, rooms, prices, rules, people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .pictures import Look
from .plan import CLIFF, HARBOUR, HousePlan

PASSWORD = "harbour-lights-2026"  # noqa: S105  (public: of the demo only, printed when it is loaded)
LANGUAGES = ["en", "fr", "de", "es", "zh", "it", "pt", "ar", "ja", "hi"]


@dataclass(frozen=True)
class DemoType:
    code: str
    name: str
    description: str
    max_occupancy: int
    price: Decimal
    rooms: tuple[str, ...]
    beds: str
    look: Look
    shows: tuple[str, str]  # what its two pictures show
    base_occupancy: int = 2
    extra_guest_price: Decimal = Decimal(0)


@dataclass(frozen=True)
class DemoHouse:
    slug: str
    columns: dict[str, Any]
    types: tuple[DemoType, ...]
    plan: HousePlan
    team: tuple[tuple[str, str, str], ...]  # e-mail, name, role
    restaurant: dict[str, str] | None = None
    first_floor_from: str = ""  # rooms from this number on are upstairs
    rules: dict[str, list[str]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    feeds: tuple[tuple[str, str], ...] = ()  # room, channel
    lock_account: tuple[str, str] | None = None  # of the emulated lock company


_MORNING, _NOON, _EVENING = (142, 190, 220), (120, 182, 226), (112, 96, 148)
_HAZE, _GLOW = (232, 236, 228), (248, 190, 138)

_RULES = {
    "en": ["No smoking indoors.", "Quiet from 22:00 to 07:00.", "Pets by arrangement only.", "Please close the windows when it storms."],
    "fr": ["Interdiction de fumer à l'intérieur.", "Calme de 22 h à 7 h.", "Animaux sur demande uniquement.", "Fermez les fenêtres en cas de tempête."],
    "de": ["Rauchen nur im Freien.", "Ruhe von 22 bis 7 Uhr.", "Haustiere nur nach Absprache.", "Bitte schließen Sie bei Sturm die Fenster."],
    "es": ["Prohibido fumar en el interior.", "Silencio de 22:00 a 7:00.", "Mascotas solo con acuerdo previo.", "Cierre las ventanas en caso de tormenta."],
    "zh": ["室内禁止吸烟。", "22:00 至 7:00 请保持安静。", "携带宠物须事先商定。", "暴风雨时请关好窗户。"],
    "it": ["Vietato fumare all'interno.", "Silenzio dalle 22 alle 7.", "Animali solo su accordo.", "Chiudete le finestre in caso di tempesta."],
    "pt": ["Proibido fumar no interior.", "Silêncio das 22h às 7h.", "Animais só mediante acordo.", "Feche as janelas em caso de tempestade."],
    "ar": ["يُمنع التدخين في الداخل.", "الهدوء من الساعة 22:00 حتى 07:00.", "الحيوانات الأليفة بالاتفاق المسبق فقط.", "يرجى إغلاق النوافذ عند العواصف."],
    "ja": ["館内は禁煙です。", "22時から7時まではお静かにお願いします。", "ペットは事前のご相談が必要です。", "荒天時は窓をお閉めください。"],
    "hi": ["अंदर धूम्रपान मना है।", "रात 10 बजे से सुबह 7 बजे तक शांति रखें।", "पालतू जानवर केवल पूर्व सहमति से।", "तूफ़ान में कृपया खिड़कियाँ बंद रखें।"],
}  # fmt: skip

HARBOUR_HOUSE = DemoHouse(
    slug="harbour-house",
    columns={
        "name": "Harbour House",
        "description": "Twelve rooms above an old fishing harbour. In the morning the boats come in below the windows; in the "
        "evening the kitchen serves what they brought.",
        "timezone": "Europe/London",
        "currency": "GBP",
        "country": "GB",
        "language": "en",
        "check_in_time": dt.time(15),
        "check_out_time": dt.time(11),
        "address": "4 Quay Street, St Bride's, Cornwall",
        "latitude": 50.1487,
        "longitude": -5.0619,
        "phone": "+44 20 7946 0321",
        "email": "stay@harbour.example",
        "accent_color": "#1f5f8b",
        "photo": "img/demo/harbour-house.svg",
    },
    types=(
        DemoType(
            "HDB", "Harbour double", "A double bed, a desk, and the harbour below.", 2, Decimal(128), ("101", "102", "103", "104"),
            "1 double bed", Look((206, 220, 226), (176, 142, 106), (40, 94, 132), (120, 84, 56), (_MORNING, _HAZE), (0.33,)),
            ("A double bed beside a window over the harbour", "The harbour from the window sill, with two cups"),
        ),
        DemoType(
            "STW", "Sea twin", "Two beds and a bay window to the sea.", 2, Decimal(136), ("105", "106", "107", "108"),
            "2 single beds", Look((228, 224, 208), (164, 138, 112), (74, 128, 120), (138, 104, 72), (_NOON, _HAZE), (0.18, 0.18)),
            ("Two single beds and the bay window", "Sails on the sea, seen from the bay window"),
        ),
        DemoType(
            "FAM", "Family room", "A double bed and two bunks under the roof.", 4, Decimal(184), ("109", "110"),
            "1 double bed, 1 bunk bed", Look((238, 226, 204), (182, 148, 108), (196, 106, 74), (150, 112, 76), (_NOON, _HAZE), (0.27,), has_bunk=True),
            ("A double bed and a bunk bed under the roof", "The bay from the roof window"),
        ),
        DemoType(
            "STE", "Lantern suite", "A sitting room under the old lantern, with a bath by the window.", 3, Decimal(246), ("111", "112"),
            "1 king bed, 1 sofa bed", Look((64, 78, 104), (112, 84, 66), (148, 58, 72), (92, 62, 46), (_EVENING, _GLOW), (0.36,), has_lantern=True, has_tub=True),
            ("A king bed under the old lantern, and a bath by the window", "Evening light over the harbour"),
            extra_guest_price=Decimal(38),
        ),
    ),
    plan=HARBOUR,
    team=(
        ("manager@harbour.example", "Morgan Pascoe", "owner"),
        ("desk@harbour.example", "Jory Trevena", "desk"),
        ("housekeeping@harbour.example", "Elowen Rosser", "housekeeping"),
    ),
    restaurant={
        "slug": "harbour-kitchen",
        "name": "Harbour Kitchen",
        "description": "Fish from the quay, vegetables from the hill, bread from the house.",
        "opening_hours": "Wednesday to Sunday, 12:00–14:30 and 18:00–22:00",
        "phone": "+44 20 7946 0322",
    },
    first_floor_from="107",
    rules=_RULES,
    settings={
        "wifi_name": "Harbour Guests",
        "wifi_password": "low tide at six",
        "house_info": {
            "en": ["Breakfast from 7:30 to 10:00 in the kitchen.", "Parking behind the chandlery, no charge.", "The chemist on Fore Street is open until 18:00."],
            "fr": ["Petit déjeuner de 7 h 30 à 10 h dans la cuisine.", "Parking gratuit derrière le magasin d'accastillage."],
            "de": ["Frühstück von 7:30 bis 10 Uhr in der Küche.", "Parken kostenlos hinter dem Schiffsausrüster."],
        },
    },
    feeds=(
        ("101", "booking"),
        ("102", "airbnb"),
        ("103", "expedia"),
        ("105", "vrbo"),
        ("106", "airbnb"),
        ("109", "booking"),
    ),
    lock_account=("harbour", "harbour-lock-demo"),
)  # fmt: skip

CLIFF_COTTAGE = DemoHouse(
    slug="cliff-cottage",
    columns={
        "name": "Cliff Cottage",
        "description": "Three rooms in a whitewashed house on the cliffs; a path leads down to the beach.",
        "timezone": "Europe/Lisbon",
        "currency": "EUR",
        "country": "PT",
        "language": "pt",
        "check_in_time": dt.time(16),
        "check_out_time": dt.time(10, 30),
        "address": "Caminho do Farol 12, Praia da Falésia",
        "latitude": 37.0862,
        "longitude": -8.1667,
        "phone": "",
        "email": "ola@cliff.example",
        "accent_color": "#b5532d",
        "photo": "img/demo/cliff-cottage.svg",
    },
    types=(
        DemoType(
            "SEA",
            "Sea room",
            "A double bed and a terrace to the west.",
            2,
            Decimal(112),
            ("1", "2"),
            "1 double bed",
            Look(
                (244, 238, 226),
                (206, 164, 118),
                (60, 120, 160),
                (170, 124, 80),
                (_EVENING, _GLOW),
                (0.34,),
                hills=(186, 128, 84),
            ),
            ("A double bed in a white room with a blue blanket", "The cliffs at sunset"),
        ),
        DemoType(
            "GAR",
            "Garden room",
            "A double and a single bed, and the lemon tree at the door.",
            3,
            Decimal(98),
            ("3",),
            "1 double bed, 1 single bed",
            Look(
                (236, 232, 206),
                (190, 156, 116),
                (214, 168, 62),
                (150, 112, 70),
                (_NOON, _HAZE),
                (0.26, 0.16),
                hills=(104, 142, 84),
            ),
            ("A double and a single bed with yellow blankets", "The garden and the sea behind it"),
            extra_guest_price=Decimal(18),
        ),
    ),
    plan=CLIFF,
    team=(("owner@cliff.example", "Marta Falésia", "owner"),),
    rules=_RULES,
    feeds=(("1", "airbnb"),),
    lock_account=("cliff", "cliff-lock-demo"),
)
HOUSES = (HARBOUR_HOUSE, CLIFF_COTTAGE)
