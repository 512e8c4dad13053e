"""Which activities are touches, when they count, and why the others do not. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.records import Activity, ActivityKind, ActivityStatus, Direction
from sync.agreement.model import Agreement
from sync.judge.cycles import Cycle
from sync.judge.owners import owner_at
from sync.terms import Terms
from sync.timeline import Timeline

UNVERIFIED_ONCE_IN = timedelta(minutes=30)
NEVER_MADE = {
    ActivityStatus.BOUNCED: "bounced",
    ActivityStatus.FAILED: "failed",
    ActivityStatus.PLANNED: "planned, not done",
    ActivityStatus.BOOKED: "booked, no outcome logged",
    ActivityStatus.CANCELLED: "cancelled",
    ActivityStatus.RESCHEDULED: "rescheduled",
}


class TouchKind(StrEnum):
    """How a touch came about."""

    MANUAL = "manual"
    SEQUENCE = "sequence"
    BULK = "bulk"
    MARKETING = "marketing"
    AUTO_REPLY = "auto_reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One activity looked at as a touch of one cycle."""

    activity: Activity
    at: datetime  # when it counts: when it happened, or when it was logged if that was too late
    kind: TouchKind
    refused: str | None  # why it does not count; None: it counts
    unverified: bool = False  # a call with neither outcome nor duration
    late: bool = False

    @property
    def what(self) -> str:
        """Say in a few words what it was and, if it does not count, why."""
        name = " ".join(filter(None, (self.kind.value if self.kind is not TouchKind.MANUAL else "", self.activity.kind.value)))
        marks = ", ".join(filter(None, ("unverified" if self.unverified else "", "logged late" if self.late else "", self.refused or "")))
        return f"{name}: {marks}" if marks else name


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchRule:
    """What one promise asks of a touch."""

    by: str  # owner | team | anyone
    answering: str | None = None  # what a sequence mail does not answer: a reply, a hand-raise; None: it counts
    nurturing: bool = False  # any touch by anybody counts, marketing mails and bulk too


def find_attempts(
    timeline: Timeline, cycle: Cycle, rule: TouchRule, *, agreement: Agreement, terms: Terms, now: datetime
) -> tuple[Attempt, ...]:
    """Return the activities of `cycle` as attempts, by the moment at which they count."""
    attempts = [
        _attempt(activity, timeline, rule, agreement=agreement, terms=terms, now=now)
        for activity in timeline.activities
        if activity.kind not in (ActivityKind.TASK, ActivityKind.NOTE) and cycle.holds(activity.happened_at)
    ]
    inside = [a for a in attempts if cycle.holds(a.at)] + list(_told_late(timeline, cycle, agreement, now=now))
    return tuple(_thin_unverified(sorted(inside, key=lambda a: (a.at, a.activity.key))))


def _told_late(timeline: Timeline, cycle: Cycle, agreement: Agreement, *, now: datetime) -> Iterator[Attempt]:
    """Yield what was logged in the cycle and happened before it: listed, so that nobody wonders, and never counted."""
    for activity in timeline.activities:
        before = activity.happened_at < cycle.opened_at <= activity.logged_at and cycle.holds(activity.logged_at)
        if before and activity.kind not in (ActivityKind.TASK, ActivityKind.NOTE, ActivityKind.MEETING):
            at, kind = activity.happened_at, _kind(activity, bulk=False)
            none = _not_made(activity, agreement, now=now, at=at)
            yield Attempt(activity=activity, at=at, kind=kind, refused=none or "before the handoff")


def _attempt(activity: Activity, timeline: Timeline, rule: TouchRule, *, agreement: Agreement, terms: Terms, now: datetime) -> Attempt:
    late = _is_logged_late(activity, timeline, agreement, terms)
    at = activity.logged_at if late else activity.happened_at
    kind = _kind(activity, bulk=activity.key in timeline.bulk and not _is_trusted(activity, agreement))
    refused = (
        ("our own" if terms.crms[activity.key.crm].is_own(activity.source_id) else None)
        or _not_made(activity, agreement, now=now, at=at)
        or _kind_refused(kind, rule)
        or (None if rule.nurturing else _stranger(activity, timeline, rule, terms=terms, at=at))
    )
    return Attempt(activity=activity, at=at, kind=kind, refused=refused, unverified=_is_unverified(activity), late=late)


def _is_logged_late(activity: Activity, timeline: Timeline, agreement: Agreement, terms: Terms) -> bool:
    """Whether an activity was logged longer after it ended than the agreement lets pass."""
    ended = _ended_at(activity)
    if activity.logged_at <= ended or _is_trusted(activity, agreement):
        return False
    calendar = terms.calendar_of(timeline.crm, activity.owner, agreement)
    return activity.logged_at > agreement.touches.late_logging.after(ended, calendar)


def _ended_at(activity: Activity) -> datetime:
    """Return when an activity was over; an end before its beginning is a slip, and none."""
    return max(activity.ends_at or activity.happened_at, activity.happened_at)


def _is_trusted(activity: Activity, agreement: Agreement) -> bool:
    """Whether an activity comes from a source that logs what happened when it happens: a dialer, the mail sync."""
    return not agreement.touches.trusted.isdisjoint((activity.source, f"{activity.source}:{activity.source_id}"))


def _kind(activity: Activity, *, bulk: bool) -> TouchKind:
    if activity.auto_reply:
        return TouchKind.AUTO_REPLY
    if activity.sequence:
        return TouchKind.SEQUENCE
    if activity.marketing:
        return TouchKind.MARKETING
    return TouchKind.BULK if bulk else TouchKind.MANUAL


def _kind_refused(kind: TouchKind, rule: TouchRule) -> str | None:
    match kind:
        case TouchKind.AUTO_REPLY:
            return "automated"
        case _ if rule.nurturing:
            return None
        case TouchKind.MARKETING:
            return "automated"
        case TouchKind.BULK:
            return "logged in bulk"
        case TouchKind.SEQUENCE if rule.answering is not None:
            return f"a sequence does not answer a {rule.answering}"
        case _:
            return None


def status_of(activity: Activity) -> ActivityStatus | None:
    """Return the status an activity has now."""
    return activity.statuses[-1].status if activity.statuses else None


def _is_unverified(activity: Activity) -> bool:
    return activity.kind is ActivityKind.CALL and status_of(activity) is None and not activity.duration_s


def _not_made(activity: Activity, agreement: Agreement, *, now: datetime, at: datetime) -> str | None:
    """Say why an activity is no contact with the person at all, or a contact that came in."""
    status = status_of(activity)
    if at > now:
        return "has not happened yet"
    if activity.archived_at is not None:
        return "deleted"
    if status in NEVER_MADE:
        return NEVER_MADE[status]
    if status is ActivityStatus.CONNECTED and _is_short(activity, agreement):
        return "connected, but too short"
    if activity.direction is Direction.IN and not _was_answered(activity, agreement):
        return "inbound"
    return None


def _is_short(activity: Activity, agreement: Agreement) -> bool:
    return activity.duration_s is not None and activity.duration_s < agreement.touches.shortest_call.total_seconds()


def _was_answered(activity: Activity, agreement: Agreement) -> bool:
    """Whether an inbound activity was a call that our side took: a conversation, whoever began it."""
    if activity.kind is not ActivityKind.CALL:
        return False
    status = status_of(activity)
    took_place = status is ActivityStatus.OTHER and activity.duration_s is not None and not _is_short(activity, agreement)
    return status is ActivityStatus.CONNECTED or took_place


def _stranger(activity: Activity, timeline: Timeline, rule: TouchRule, *, terms: Terms, at: datetime) -> str | None:
    """Say why the one who did it is not the one the rule asks for."""
    crm, owner = timeline.crm, owner_at(timeline, at)
    match rule.by:
        case "anyone":
            return None if activity.owner else "nobody's"
        case "team":
            team = terms.team_of(crm, owner)
            return None if team is not None and terms.team_of(crm, activity.owner) == team else "of another team"
        case _:
            return None if owner is not None and activity.owner == owner else "by somebody else than the owner"


def _thin_unverified(attempts: list[Attempt]) -> list[Attempt]:
    """Let at most one unverified call count in 30 minutes."""
    last: datetime | None = None
    thinned: list[Attempt] = []
    for attempt in attempts:
        if not attempt.unverified or attempt.refused is not None:
            thinned.append(attempt)
        elif last is not None and attempt.at - last < UNVERIFIED_ONCE_IN:
            thinned.append(replace(attempt, refused="unverified, soon after another"))
        else:
            last = attempt.at
            thinned.append(attempt)
    return thinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """A span in which a booked meeting stops the clock."""

    since: datetime
    until: datetime
    source: str


def find_suspensions(timeline: Timeline, cycle: Cycle, *, latest: datetime) -> tuple[Suspension, ...]:
    """Return the spans from booking to end of the meetings that touch `cycle`, in order, merged where they overlap.

    A meeting dated beyond `latest` (a slip of the year, mostly) counts as ending there.
    """
    merged: list[Suspension] = []
    for span in sorted((s for a in timeline.activities if (s := _suspension(a, latest)) is not None), key=lambda s: s.since):
        if span.until <= cycle.opened_at:
            continue
        if merged and span.since <= merged[-1].until:
            merged[-1] = replace(merged[-1], until=max(span.until, merged[-1].until))
        else:
            merged.append(span)
    return tuple(merged)


def _suspension(meeting: Activity, latest: datetime) -> Suspension | None:
    if meeting.kind is not ActivityKind.MEETING or meeting.archived_at is not None:
        return None
    until = min(_ended_at(meeting), latest)
    if status_of(meeting) in (ActivityStatus.CANCELLED, ActivityStatus.RESCHEDULED):
        until = min(until, meeting.statuses[-1].at)
    return Suspension(since=meeting.logged_at, until=until, source=str(meeting.key)) if meeting.logged_at < until else None
