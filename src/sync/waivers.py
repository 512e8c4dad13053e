"""Promises that a person excused: which may be, by whom, and how many. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sync.agreement.model import Agreement
from sync.agreement.parties import AtMost
from sync.errors import UsageError
from sync.judge.findings import Finding, Status
from sync.problems import listed
from sync.roster import Person, Roster

PROMISES = frozenset({"clock", "cadence", "stale", "handoff", "reason", "recycle", "cover"})  # kinds; the others are oddities and counts
OPEN = frozenset({Status.RUNNING, Status.AT_RISK, Status.BREACHED})
MANAGER = "manager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Who took a waiver back; it is known from `at` on."""

    at: datetime
    by: str  # name of a person of the roster
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One promise that a person excused; it is known from `at` on."""

    number: int
    finding: str  # key
    lead: str
    rule: str
    at: datetime
    by: str  # name of a person of the roster
    why: str
    withdrawn: Withdrawal | None = None  # it excuses nothing any more


def standing(given: Iterable[Waiver]) -> tuple[Waiver, ...]:
    """Return the waivers that nobody took back."""
    return tuple(waiver for waiver in given if waiver.withdrawn is None)


def the_one_given(given: Iterable[Waiver], findings: Iterable[Finding], *, lead: str, rule: str, key: str | None) -> Waiver:
    """Return the standing waiver that is meant, of a lead and its `findings`, or of the lead that it was before a merge.

    UsageError where there is none, or several and no `key` (or its beginning) that tells which.
    """
    theirs = {finding.key for finding in findings}
    found = [waiver for waiver in standing(given) if waiver.rule == rule and (waiver.lead == lead or waiver.finding in theirs)]
    meant = [waiver for waiver in found if waiver.finding.startswith(key or "")]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise UsageError(f"no waiver of {rule} stands for {lead}", fix="see those that do: leadpact waive --list")
    told = "; ".join(f"{waiver.finding} ({waiver.why})" for waiver in meant)
    raise UsageError(f"{rule} is waived {len(meant)} times: {told}", fix="say which is meant: --finding KEY")


def excusable(findings: Sequence[Finding], rule: str) -> tuple[Finding, ...]:
    """Return the promises of a rule that run or are broken, in the lead's present passage of each handoff or outside of any."""
    newest = {f.cycle.handoff: 0 for f in findings}
    for one in findings:
        newest[one.cycle.handoff] = max(newest[one.cycle.handoff], one.cycle.number)
    return tuple(
        f for f in findings if f.rule == rule and f.kind in PROMISES and f.status in OPEN and f.cycle.number in (0, newest[f.cycle.handoff])
    )


def one_of(found: Sequence[Finding], *, lead: str, rule: str, key: str | None) -> Finding:
    """Return the promise that is meant; UsageError where there is none, or several and no `key` (or its beginning) that tells which."""
    meant = [finding for finding in found if finding.key.startswith(key or "")]
    if len(meant) == 1:
        return meant[0]
    if not found:
        raise UsageError(
            f"nothing of {rule} runs or is broken in the present passage of {lead}", fix=f"see what is: leadpact explain {lead}"
        )
    told = "; ".join(f"{finding.key} ({finding.message})" for finding in found)
    raise UsageError(f"{rule} is promised {len(found)} times: {told}", fix="say which is meant: --finding KEY")


def who_decides(name: str | None, logins: Sequence[str], roster: Roster) -> Person:
    """Return the person of the roster who excuses: `name`, else who logs in by one of `logins`; UsageError if the roster knows none."""
    wanted = {text.strip().casefold() for text in ([name] if name is not None else logins)} - {""}
    for person in roster.people.values():
        email = person.email or ""
        if not wanted.isdisjoint({person.name.casefold(), email} if name is not None else _known_as(person)):
            return person
    who = f"`{name}`" if name is not None else f"who you are ({', '.join(logins) or 'no login'})"
    raise UsageError(f"the roster does not know {who}", fix=f"name a person of it: --by NAME; it has {listed(roster.people)}")


def _known_as(person: Person) -> set[str]:
    email = person.email or ""
    return {person.name.casefold(), email, email.partition("@")[0]} - {""}


def refuse_if_not_theirs(by: Person, finding: Finding, owner: Person | None, *, agreement: Agreement, roster: Roster) -> None:
    """Raise UsageError if the agreement does not let `by` excuse this promise; `owner` is whom it is about.

    `by = "manager"` is the owner's manager; of what nobody owns, the manager of a member of the handoff's pool. Anything else names a
    team, or a person, of the roster.
    """
    if agreement.waivers is None:
        raise UsageError("the agreement lets nobody excuse a promise", fix="agree on it: [waivers] by and budget in agreement.toml")
    role = agreement.waivers.by
    allowed = set(_managers(finding, owner, agreement, roster)) if role == MANAGER else _named(role, roster)
    if not allowed:
        whose = owner.name if owner is not None else f"owner {finding.owner}" if finding.owner else "the pool"
        told = f"{whose} has no manager" if role == MANAGER else f"nobody is `{role}`"
        raise UsageError(f"the agreement lets `{role}` excuse, and {told} in the roster", fix="name one in roster.toml")
    if by.name not in allowed:
        fix = f"let them do it: {listed(sorted(allowed))}"
        raise UsageError(f"{by.name} may not excuse this: the agreement lets `{role}` do it", fix=fix)


def _managers(finding: Finding, owner: Person | None, agreement: Agreement, roster: Roster) -> Iterable[str]:
    if finding.owner is not None:
        people = [owner] if owner is not None else []
    else:
        pools = [handoff.pool for handoff in agreement.handoffs if handoff.name == finding.cycle.handoff]
        people = [roster.people[member.person] for pool in pools if pool is not None for member in roster.members(pool)]
    return (person.manager for person in people if person.manager is not None)


def _named(role: str, roster: Roster) -> set[str]:
    wanted = role.casefold()
    return {person.name for person in roster.people.values() if wanted in (person.name.casefold(), (person.team or "").casefold())}


def refuse_if_spent(given: Iterable[Waiver], agreement: Agreement, now: datetime) -> None:
    """Raise UsageError if the budget of waivers is used up, with the day on which the next is free."""
    budget = agreement.waivers.budget if agreement.waivers is not None else None
    free = next_free([waiver.at for waiver in standing(given)], budget, now, agreement.zone) if budget is not None else None
    if budget is not None and free is not None:
        raise UsageError(
            f"{budget.count} waivers in {budget.per.text} are agreed, and so many stand; the next is free on {free}",
            fix="see them: leadpact waive --list; or agree on more: [waivers] budget in agreement.toml",
        )


def counted(given: Iterable[Waiver], budget: AtMost, now: datetime, zone: tzinfo) -> int:
    """Return how many waivers take from the budget now: those that nobody took back, of its last period."""
    return len(_days_that_count([waiver.at for waiver in standing(given)], budget, now, zone))


def _days_that_count(given: Iterable[datetime], budget: AtMost, now: datetime, zone: tzinfo) -> list[date]:
    since = budget.per.before(now.astimezone(zone).date())
    return sorted(day for at in given if (day := at.astimezone(zone).date()) >= since)


def next_free(given: Iterable[datetime], budget: AtMost, now: datetime, zone: tzinfo) -> date | None:
    """Return the first day of `zone` on which one more is within the budget; None if one is today.

    A day counts in the period that ends with it, as the budget of recycling does: of `1 month` the days from the same day of the last
    month on.
    """
    days = _days_that_count(given, budget, now, zone)
    if len(days) < budget.count:
        return None
    counts, free = days[-budget.count], budget.per.after(days[-budget.count])
    while budget.per.before(free) <= counts:
        free += timedelta(days=1)
    return free
