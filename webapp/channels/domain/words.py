"""The words with which channels and hosts say reserved, blocked or tentative, in the languages they say it in."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_RESERVED = """
reserved | booked | reservation | booking | confirmed | réservé | réservée | réservation | reserviert | gebucht | buchung
reservierung | reservado | reservada | reserva | prenotato | prenotata | prenotazione | riservato | gereserveerd | geboekt
reservering | reserveret | reservert | reserverad | bokad | bokning | varattu | varaus | zarezerwowane | rezerwacja
rezervováno | rezervace | rezervirano | rezervacija | rezervat | rezervare | foglalt | rezerve edildi | rezervasyon
κρατημένο | κράτηση | забронировано | бронирование | бронь | заброньовано | бронювання | резервирано | محجوز | 予約済み | 予約
已预订 | 预订 | 已預訂 | 預訂 | 예약됨 | 예약 | आरक्षित | จองแล้ว
"""
_BLOCKED = """
blocked | block | unavailable | not available | closed | busy | maintenance | owner | owner stay | owner block | out of order
do not book | no vacancy | closure | indisponible | bloqué | bloquée | fermé | fermée | occupé | gesperrt | blockiert
nicht verfügbar | geschlossen | eigennutzung | bloqueado | bloqueada | no disponible | cerrado | ocupado | indisponível
não disponível | fechado | non disponibile | bloccato | bloccata | chiuso | occupato | niet beschikbaar | geblokkeerd
bezet | gesloten | ikke tilgængelig | ikke tilgjengelig | blokeret | blokkert | ej tillgänglig | inte tillgänglig
blockerad | ei saatavilla | estetty | niedostępne | zablokowane | nedostupné | blokováno | nedostupno | blokirano
indisponibil | blocat | nem elérhető | müsait değil | kapalı | μη διαθέσιμο | недоступно | заблокировано | закрыто
заблоковано | غير متاح | محظور | 予約不可 | ブロック済み | 利用不可 | 不可预订 | 已屏蔽 | 不可用 | 예약 불가 | 차단됨 | अनुपलब्ध
"""
_TENTATIVE = """
tentative | provisional | pending | hold | on hold | option | request | inquiry | provisoire | option posée | vorläufig
anfrage | provisorio | provisoria | provvisorio | provvisoria | provisório | provisória | voorlopig | aanvraag | foreløbig
preliminär | alustava | wstępna | předběžně | privremeno | предварительно | попередньо | 仮予約 | 暂定 | 待定 | 임시
"""

_SEPARATOR = re.compile(r"\s+[-–—:|/]\s*|\s*[:|(]\s*")


def plain(text: str) -> str:
    """The text in lower case without accents, for comparing."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", kept).strip(" .!*[]()")


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(word) for line in text.splitlines() for word in line.split("|") if word.strip())


RESERVED, BLOCKED, TENTATIVE = _words(_RESERVED), _words(_BLOCKED), _words(_TENTATIVE)


def split(summary: str) -> tuple[str, str]:
    """The leading word of a summary and what follows its dash: `Réservée - Camille` → `reservee`, `Camille`."""
    match = _SEPARATOR.search(summary)
    if match is None:
        return plain(summary), ""
    return plain(summary[: match.start()]), summary[match.end() :].strip(" )]")


@lru_cache(maxsize=2048)
def meaning(summary: str) -> tuple[str | None, str]:
    """(`reserved`, `blocked`, `tentative` or None when no word tells, what follows the word)."""
    head, rest = split(summary)
    for whole in (plain(summary), head):
        for name, words in (("blocked", BLOCKED), ("tentative", TENTATIVE), ("reserved", RESERVED)):
            if whole in words:
                return name, rest if whole == head else ""
    return None, summary.strip()
