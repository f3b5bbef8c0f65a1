"""The recurring jobs, as data. A tick decides nothing: what is due is read from the database in hotel time, so a missed or
doubled tick changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recurring:
    name: str
    function: str
    cron: str  # in UTC
    why: str


SCHEDULE = (
    Recurring(
        "outbox-sweep", "jobs.ticks.sweep_outbox", "* * * * *", "pushes what a crash or a lost Redis left behind"
    ),
    Recurring("feeds", "jobs.channels.tick", "*/15 * * * *", "reads each active calendar feed"),
    Recurring(
        "feed-alerts", "jobs.channels.check_health", "*/5 * * * *", "tells the board of feeds that fail for an hour"
    ),
    Recurring(
        "mails", "jobs.mails.tick", "*/2 * * * *", "reads each mailbox, and tries mails again that wait for their stay"
    ),
    Recurring("mail-watches", "jobs.mails.renew_watches", "29 2 * * *", "Gmail tells of new mails for seven days only"),
    Recurring(
        "enrichment",
        "jobs.enrichment.tick",
        "1-59/5 * * * *",
        "joins records of one stay, learns more of each, asks for files",
    ),
    Recurring(
        "access-codes", "jobs.access.tick", "*/5 * * * *", "issues, verifies and removes door codes that are due"
    ),
    Recurring(
        "locks", "jobs.access.sync_all_accounts", "23 4 * * *", "reads batteries, new locks and changed gateways"
    ),
    Recurring("holds", "jobs.stays.expire_holds", "* * * * *", "gives unpaid holds back"),
    Recurring(
        "online-check-ins",
        "jobs.checkin.check_in_the_ready",
        "*/5 * * * *",
        "from check-in time on, guests who checked in online and have a clean room are in house",
    ),
    Recurring("reminders", "jobs.messaging.remind_arrivals", "7,37 * * * *", "reminds tomorrow's guests to check in"),
    Recurring("messages", "jobs.messaging.watch_unsent", "*/10 * * * *", "shows messages that got stuck on their way"),
    Recurring(
        "documents", "jobs.checkin.remove_outdated_documents", "41 3 * * *", "deletes documents of guests long gone"
    ),
    Recurring(
        "house-keeping", "jobs.ticks.clean_up", "17 3 * * *", "removes old events, done outbox rows and ended tokens"
    ),
)
