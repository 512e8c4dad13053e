"""Who tells people for a run, and when there is something to tell next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sync.agreement.model import Agreement
from sync.agreement.versions import why_not_enforcing
from sync.author import Author
from sync.context import Context
from sync.directory import Directory
from sync.known import eras_at, gather_terms
from sync.outbox import Post
from sync.stopping import Now, brakes_at
from sync.terms import Terms
from sync.tidings import Gate


def post_of(run: Context, terms: Terms, agreement: Agreement, *, now: Callable[[], datetime]) -> Post:
    """Return who tells people, by the version of the agreement that is in force, or the current file."""
    known = run.known
    directory = Directory(roster=known.roster, terms=terms, agreement=agreement, now=now(), pages=known.mirror.record_pages())
    gate = Gate(
        mode_of=known.config.mode.of,
        enforced_since=run.enforced.since().get,
        not_enforcing=why_not_enforcing(agreement, now()),
        brakes=brakes_at(known, Now(now(), run.clock()), agreement.zone),
    )
    author = Author(
        findings=known.findings,
        plans=run.plans,
        tidings=run.tidings,
        reports=run.reports,
        directory=directory,
        templates=run.templates,
        gate=gate,
    )
    return Post(known=known, outbox=run.outbox, tidings=run.tidings, author=author, door=run.door, now=now)


def next_message_at(run: Context, now: datetime) -> datetime | None:
    """Return when there is something to send next, or a daily digest to make; None for never, and a moment that is past for at once.

    What is due is sent by whoever carries out a plan, also an empty one. No CRM is asked.
    """
    if not run.known.config.notify:
        return None
    eras = eras_at(run.known, upto=None)
    agreement = next(era.agreement for era in eras if era.covers(now))
    return post_of(run, gather_terms(run.known, eras), agreement, now=lambda: now).next_at()
