"""What those who look after leadpact are told of CRMs and of the agreement itself, each once. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sync.agreement.model import Agreement
from sync.messages import OPS, Kind, Message, Recipient

BEFORE_THE_END = (30, 14, 7, 1)  # days
STILL_TOLD_FOR = timedelta(days=7)  # a day that was slept through


def crm_is_down(crm: str, since: datetime) -> Message:
    """Return that a CRM does not answer, since a moment."""
    return _notice(Kind.DOWN, f"{crm} since {_moment(since)}")


def crm_is_back(crm: str, since: datetime, at: datetime) -> Message:
    """Return that a CRM answers again, which had not since a moment."""
    return _notice(Kind.BACK, f"{crm} from {_moment(since)} to {_moment(at)}")


def agreement_notices(agreement: Agreement, now: datetime) -> Iterator[Message]:
    """Yield that the agreement is to be reviewed by now, and that it ends soon; of several warnings of its end the last alone."""
    today = now.astimezone(agreement.zone).date()
    if agreement.review_every is not None:
        review = agreement.review_every.after(agreement.effective.astimezone(agreement.zone).date())
        while (later := agreement.review_every.after(review)) <= today:
            review = later
        if review <= today < review + STILL_TOLD_FOR:
            yield _notice(Kind.REVIEW, review.isoformat())
    if agreement.expires_at is not None:
        last = (agreement.expires_at - timedelta(seconds=1)).astimezone(agreement.zone).date()
        left = (last - today).days
        warned = [days for days in BEFORE_THE_END if left <= days]
        if warned and left >= 0:
            yield _notice(Kind.EXPIRES, f"{last.isoformat()}, within {min(warned)} days")


def _notice(kind: Kind, about: str) -> Message:
    return Message(kind=kind, recipient=Recipient(role=OPS), rule=about)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
