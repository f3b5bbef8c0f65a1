"""The words for what has become of a booking. Words that are not here are reported, and change nothing."""

from __future__ import annotations

from functools import lru_cache

from webapp.channels.upload_ports import RowStatus
from webapp.integrations.spoken_dates import fold

# Booking.com's own (ok, cancelled_by_…, no_show) and Airbnb's English words were seen; the others are the sites' words.
_WORDS: dict[RowStatus, str] = {
    "confirmed": "ok | okay | confirmed | arriving soon | arriving today | arriving tomorrow | upcoming | accepted"
    " | bestätigt | confirmée | confirmé | confirmada | confirmado | confermata | confermato | bevestigd | potvrđeno"
    " | potvrđena | potvrzeno | підтверджено | подтверждено",
    "cancelled": "canceled | cancelled | storniert | annulée | annulé | cancelada | cancelado | cancellata | cancellato"
    " | geannuleerd | otkazano | zrušeno | скасовано | отменено",
    "cancelled_by_guest": "cancelled_by_guest | canceled_by_guest | canceled by guest | cancelled by guest"
    " | vom gast storniert | annulée par le voyageur | cancelada por el huésped | cancellata dall'ospite"
    " | geannuleerd door gast | otkazao gost | zrušeno hostem | скасовано гостем | отменено гостем"
    " | cancelada pelo hóspede",
    "cancelled_by_hotel": "cancelled_by_hotel | canceled_by_hotel | cancelled by hotel | cancelled_by_partner"
    " | canceled by host | cancelled by host | canceled by you | cancelled by you | canceled by airbnb"
    " | cancelled by airbnb | cancelled_by_bookingcom | vom gastgeber storniert | annulée par l'hôte"
    " | cancelada por el anfitrión | cancellata dall'host | geannuleerd door verhuurder | cancelada pelo anfitrião",
    "no_show": "no_show | no show | no-show | noshow",
    "in_house": "currently hosting | staying | in house | aktuell zu gast | séjour en cours | actualmente alojado",
    "past": "past guest | past guests | completed | checked out | awaiting guest review | review guest"
    " | früherer gast | ancien voyageur | huésped anterior",
}


@lru_cache(maxsize=1)
def _known() -> dict[str, RowStatus]:
    return {_normal(word): status for status, words in _WORDS.items() for word in words.split(" | ")}


def _normal(text: str) -> str:
    return fold(text).replace("’", "'").strip(" .'\"")


def status_of(text: str) -> RowStatus | None:
    return _known().get(_normal(text))
