"""What the mail pages call things."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext

KINDS = {
    "new": _("New booking"),
    "modified": lazy_pgettext("mail", "Change"),
    "cancelled": _("Cancellation"),
    "request": _("Request"),
    "change_request": _("Request for a change"),
    "message": _("Message of a guest"),
    "digest": _("Daily list"),
    "unclear": _("Not understood"),
}
# state → (label, tone, icon)
STATES = {
    "waiting": (_("Waits for its stay"), "warn", "history"),
    "matched": (_("Matched"), "good", "check"),
    "noted": (_("Noted"), "mute", "eye"),
    "refused": (_("Refused"), "bad", "ban"),
    "over": (_("Never explained"), "mute", "circle-question-mark"),
}
CODES = {
    "cancelled": _("The stay was cancelled."),
    "cancelled_already": _("The stay was cancelled already."),
    "not_trusted_enough": _("Nobody vouches for the sender, so the stay was kept. Cancel it by hand if it is true."),
    "guest_in_house": _("The guest is in house, so the stay was kept."),
    "no_stay_yet": _("No calendar and no file has shown this stay yet. Upload a file of the booking site."),
    "never_explained": _("No stay ever answered to it."),
    "receiver_unknown": _(
        "Nobody has said which server receives for this mailbox, so the sender may be anybody. Name it above."
    ),
    "known_already": _("The same mail came to another mailbox."),
    "look_alike": _("The sender only looks like the booking site."),
    "not_authenticated": _("The mail server does not vouch for the sender."),
}
FAULTS = {
    "try_again": _("The mailbox does not answer just now. It is tried again."),
    "sign_in_again": _("The name or the password is not accepted. Some providers want an app password."),
    "quota": _("The provider says that we ask too often. It is tried again."),
    "not_allowed": _("No secure connection to the mail server could be made. Check its name."),
    "not_found": _("The mailbox has no folder that holds incoming mail."),
}
