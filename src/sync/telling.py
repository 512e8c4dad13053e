"""Who tells people for a run; and what is due now is sent without asking any CRM."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sync.agreement.model import Agreement
from sync.agreement.versions import why_not_enforcing
from sync.author import Author
from sync.directory import Directory
from sync.known import eras_at, gather_terms
from sync.outbox import Post, Posted
from sync.run import Context
from sync.stopping import Now, brakes_at
from sync.terms import Terms
from sync.tidings import Gate


def post_of(run: Context, terms: Terms, agreement: Agreement, *, now: Callable[[], datetime]) -> Post:
    """Return who tells people, by the version of the agreement that is in force, or the current file."""
    known = run.known
    directory = Directory(roster=known.roster, terms=terms, agreement=agreement, pages=known.mirror.record_pages())
    gate = Gate(
        mode_of=known.config.mode.of,
        enforced_since=run.enforced.since().get,
        not_enforcing=why_not_enforcing(agreement, now()),
        brakes=brakes_at(known, Now(now(), run.clock()), agreement.zone),
    )
    author = Author(findings=known.findings, plans=run.plans, tidings=run.tidings, directory=directory, templates=run.templates, gate=gate)
    return Post(known=known, outbox=run.outbox, tidings=run.tidings, author=author, door=run.door, now=now)


def deliver_due(run: Context, *, now: Callable[[], datetime]) -> tuple[Posted, datetime | None]:
    """Note what there is to tell, and send what is due; return what became of it, and when something is due next.

    No CRM is asked. It takes at most two minutes, and of them 45 seconds and one `timeout_s` for one target; a target that gave no
    answer is left alone for the two minutes after. None: nothing waits.
    """
    eras = eras_at(run.known, upto=None)
    agreement = next(era.agreement for era in eras if era.covers(now()))
    post = post_of(run, gather_terms(run.known, eras), agreement, now=now)
    post.gather()
    return post.deliver(), post.next_at()
