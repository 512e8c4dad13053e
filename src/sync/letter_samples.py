"""An invented message of each kind: to try templates with, and to show how a message reads. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.records import RecordKey
from sync.daily import Overview, Owed
from sync.judge.findings import CycleRef, Finding, Side, Status
from sync.letter import Known, Letter, digest_of, letter_of
from sync.messages import ABOUT_NO_LEAD, MANAGER, MARKETING, OPS, OWNER, Kind, Message, Recipient
from sync.occasions import MadeReport

LEAD = RecordKey("hubspot", "contact", "101")
PAGE = "https://crm.example/101"
OPENED = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
DUE = OPENED + timedelta(hours=2)
_ROLES = {Kind.ESCALATION: MANAGER, Kind.AT_RISK: MANAGER, Kind.BROKEN: MANAGER, Kind.RECYCLED: MARKETING, Kind.FAILED: OPS}
_NOTICES = {
    Kind.DOWN: "hubspot since 2026-11-18 14:00 UTC",
    Kind.BACK: "hubspot from 2026-11-18 14:00 UTC to 2026-11-18 20:00 UTC",
    Kind.REVIEW: "2026-11-18",
    Kind.EXPIRES: "2026-12-18, within 30 days",
}
_ROLES |= dict.fromkeys((Kind.TRIP, Kind.NOBODY_LEFT, Kind.REPORT, *_NOTICES), OPS)
_MADE = MadeReport(
    name="2026-11-20-1000-recap-and-kick-off",
    title="Recap and kick-off",
    at=OPENED + timedelta(days=1, hours=20),
    made_at=OPENED + timedelta(days=1, hours=18),
    file="/var/lib/leadpact/reports/2026-11-20-1000-recap-and-kick-off.html",
    figures="91.2% of 125 promises kept (88.0% before), 11 broken, 4 leads still wait",
)


def sample(kind: Kind, *, is_shared: bool) -> tuple[list[Known], Letter]:
    """Return what is known of an invented message, of a digest of its parts, and our text of it."""
    if kind is Kind.DIGEST:
        parts = [_known(Kind.REMINDER), _known(Kind.GIVEN)]
        return parts, digest_of(parts, is_shared=is_shared)
    known = _known(kind)
    return [known], letter_of(known, is_shared=is_shared)


def _known(kind: Kind) -> Known:
    owed = Owed(lead=str(LEAD), rule="first_touch", status=Status.RUNNING, side=Side.OWNER, owner="hubspot/7", due_at=DUE, opened_at=OPENED)
    broken = replace(owed, rule="accept_or_reject", status=Status.BREACHED)
    return Known(
        message=_message(kind),
        finding=None if kind in ABOUT_NO_LEAD else _finding(kind),
        zone=UTC,
        name="Ann Example",
        page=PAGE,
        held="6 moves for first_touch, 5 are allowed" if kind is Kind.TRIP else None,
        run="20261118-140000-a1b2",
        why="decide is broken; recycled as `stale`, may come back from 2026-12-18" if kind is Kind.RECYCLED else None,
        daily=Overview(open=7, late=2, today=[owed], broken=[broken]) if kind is Kind.DAILY else None,
        pages={str(LEAD): PAGE},
        names={"hubspot/7": "Ann Example"},
        made=_MADE if kind is Kind.REPORT else None,
    )


def _message(kind: Kind) -> Message:
    rules = {Kind.DAILY: "2026-11-18", Kind.ASSIGNED: "Marketing to SDR", Kind.RECYCLED: "Marketing to SDR", Kind.NOBODY_LEFT: "sdr"}
    rules |= _NOTICES | {Kind.REPORT: _MADE.name}
    of = "" if kind in (Kind.TRIP, Kind.NOBODY_LEFT, Kind.REPORT, *_NOTICES) else "hubspot/7"
    return Message(
        kind=kind,
        recipient=Recipient(role=_ROLES.get(kind, OWNER), of=of),
        rule=rules.get(kind, "first_touch"),
        lead=None if kind in ABOUT_NO_LEAD else str(LEAD),
        rung=-80 if kind is Kind.REMINDER else 1,
        plan=3,
    )


def _finding(kind: Kind) -> Finding:
    is_broken = kind in (Kind.GIVEN, Kind.ESCALATION, Kind.BROKEN, Kind.RECYCLED)
    return Finding(
        key="f" * 16,
        lead=str(LEAD),
        records=(LEAD,),
        cycle=CycleRef(
            handoff="Marketing to SDR", number=1, opened_at=OPENED, opened_by="hand-raise Demo request", closed_at=None, closed_by=None
        ),
        rule="first_touch",
        kind="clock",
        status=Status.BREACHED if is_broken else Status.AT_RISK,
        side=Side.OWNER,
        owner="7",
        started_at=OPENED,
        due_at=DUE,
        settled_at=None,
        late_by_s=None,
        evidence=(),
        message="",
        owed=True,
    )
