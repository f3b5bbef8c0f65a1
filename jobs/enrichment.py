"""Every five minutes: records of one stay are joined, what is unknown of stays is looked into, and files are asked for."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from webapp.channels import enriching, pairs
from webapp.core.database import db
from webapp.core.transaction import transaction
from webapp.models import Hotel

from .runner import each, job_context

log = structlog.get_logger(__name__)


def tick() -> None:
    """What is due is decided from the database, so a missed or doubled tick changes nothing."""
    with job_context():
        hotel_ids = list(db.session.scalars(select(Hotel.id).order_by(Hotel.id)))
        db.session.rollback()
        for hotel_id in hotel_ids:
            _merge(hotel_id)
        with transaction():
            enriching.take_up()
        with transaction():
            enriching.work_due()
        each("upload reminders", hotel_ids, lambda hotel_id: enriching.remind(db.session.get_one(Hotel, hotel_id)))


def _merge(hotel_id: int) -> None:
    """What fails for one hotel stops no other."""
    try:
        pairs.merge_the_sure(db.session.get_one(Hotel, hotel_id))
    except Exception:
        log.exception("pairs_not_merged", hotel_id=hotel_id)
        db.session.rollback()
