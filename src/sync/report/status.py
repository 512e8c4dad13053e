"""How things stand, as one screen. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import groupby

from sync.daemon.heartbeat import CrmPulse, CrmState
from sync.daemon.liveness import Life
from sync.history import local_text
from sync.plain import plain
from sync.report.status_figures import failures, promise_counts, share_of_day
from sync.report.stopped import stop_lines
from sync.status import Status

RED, YELLOW, DIM = "red", "yellow", "dim"
SEEN_BY = {
    "failed_writes": "see `leadpact runs` and `leadpact show RUN`",
    "open_writes": "the next run finds out what became of them",
    "unknown_messages": "they may have arrived; see `leadpact notify`",
    "failed_messages": "see `leadpact notify`",
}

Line = tuple[str, str]  # a text, and how it stands out: RED, YELLOW, DIM or nothing
Lines = Iterator[Line]


def status_lines(status: Status) -> Lines:
    """Yield the screen; moments are told in the agreement's zone, and in UTC where it cannot be read."""
    agreement = status.in_force.agreement
    zone: tzinfo = agreement.zone if agreement is not None else UTC
    sections = (
        _daemon(status, zone),
        _crms(status, zone),
        _promises(status),
        _due(status, zone),
        _held(status, zone),
        _errors(status),
        _enforcement(status, zone),
    )
    for section in (*sections, _store(status, zone)):
        yield from ((plain(text), style) for text, style in section)


def _daemon(status: Status, zone: tzinfo) -> Lines:
    beat = status.daemon.beat
    if beat is None:
        yield "Daemon       none runs", ""
        return
    who = f"process {beat.pid} on {beat.host}, version {beat.version}"
    match status.daemon.life:
        case Life.DOWN:
            yield f"Daemon       DOWN: {who} is gone; its last sign of life was {_at(status.daemon.seen_at, zone)}", RED
        case Life.STUCK:
            yield f"Daemon       STUCK: {who} gave no sign of life since {_at(status.daemon.seen_at, zone)}", RED
        case _:
            yield f"Daemon       runs: {who}, since {local_text(beat.started_at, zone)}", ""
    took = f", took {beat.tick_s:.1f} s" if beat.tick_s is not None else ""
    good = "" if beat.good_at == beat.ticked_at else f"; the last good one {_at(beat.good_at, zone)}"
    first = "; it reads the CRMs first" if beat.ticked_at is None and status.daemon.life is Life.RUNNING else ""
    yield f"  last tick  {_at(beat.ticked_at, zone)}{first}{took}{good}", YELLOW if good else ""
    yield f"  next       {_at(beat.next_at, zone)}", ""
    if beat.trouble is not None:
        yield f"  judging nothing: {beat.trouble}", RED
    if beat.reload_refused is not None:
        yield f"  goes by the files as they were: {beat.reload_refused}", RED


def _at(at: datetime | None, zone: tzinfo) -> str:
    return local_text(at, zone) if at is not None else "none yet"


def _crms(status: Status, zone: tzinfo) -> Lines:
    pulses = status.daemon.beat.crms if status.daemon.beat is not None else {}
    for crm in status.config.crms:
        yield f"{crm:<12} {_read_upto(status, crm, zone) if status.trouble is None else 'not known'}", ""
        if (pulse := pulses.get(crm)) is not None:
            yield from _trouble(pulse, zone)


def _trouble(pulse: CrmPulse, zone: tzinfo) -> Lines:
    if pulse.state is CrmState.DOWN:
        said, *more = (pulse.said or "it gave no reason").splitlines()
        yield f"  DOWN since {local_text(pulse.since, zone)}, and asked again by itself: {said}", RED
        yield from ((f"  {line}", RED) for line in more)
        if pulse.fix is not None:
            yield f"  fix: {pulse.fix}", RED
    for stream, why in sorted(pulse.closed.items()):
        yield f"  cannot read {stream}: {why}", RED


def _read_upto(status: Status, crm: str, zone: tzinfo) -> str:
    upto = status.standing.read_upto.get(crm)
    return f"{'read up to ' + local_text(upto, zone) if upto is not None else 'not read yet'}; {_budget(status, crm)}"


def _budget(status: Status, crm: str) -> str:
    """Say how many calls were made on the account's day, of how many."""
    calls, told = status.standing.calls.get(crm), status.standing.usage.get(crm, {})
    if calls is None:
        return "no calls yet"
    text = f"{calls.today:,} calls on {calls.day}"
    if (limit := told.get("limit_today")) is not None and (share := share_of_day(status, crm)) is not None:
        text += f" of {int(limit * share):,} that may be ours"
    left = told.get("remaining_today")
    return text + (f"; the account had {left:,} of {limit:,} left" if left is not None and limit is not None else "")


def _promises(status: Status) -> Lines:
    if not status.has_store:
        yield f"Promises     {'nothing was pulled yet' if status.trouble is None else 'not known: the store cannot be read'}", ""
        return
    counts = promise_counts(status)
    text = ", ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in ("open", "at_risk", "broken", "backlog", "unknown"))
    yield f"Promises     {text}", YELLOW if counts["broken"] else ""


def _due(status: Status, zone: tzinfo) -> Lines:
    head = "Due next"
    for promise in status.standing.due_next:
        is_past = promise.due_at <= status.now
        late = "  not judged since" if is_past else ""
        yield f"{head:<12} {local_text(promise.due_at, zone)}  {promise.lead}  {promise.rule}{late}", YELLOW if is_past else ""
        head = ""


def _errors(status: Status) -> Lines:
    standing = status.standing
    for what, count in failures(status).items():
        if count:
            yield f"{what.replace('_', ' ').capitalize():<20} {count:,}: {SEEN_BY[what]}", RED
    if (run := standing.last_run) is not None and run.outcome not in ("ok", None):
        yield f"Last run     {run.id}, {run.kind}, stopped: {run.outcome}", RED


def _enforcement(status: Status, zone: tzinfo) -> Lines:
    mode, why_not = status.config.mode, status.in_force.why_not
    others = ", ".join(f"{name} {one}" for name, one in sorted({**mode.rules, **mode.teams}.items()))
    yield f"Mode         {mode.default}{f' ({others})' if others else ''}", ""
    yield (f"Agreement    not in force: {why_not}", YELLOW) if why_not is not None else ("Agreement    in force, signed by both sides", "")
    enforced = sorted(status.standing.enforced.items(), key=lambda one: (local_text(one[1], zone), one[0]))
    for since, rules in groupby(enforced, key=lambda one: local_text(one[1], zone)):
        yield f"  enforced since {since}: {', '.join(rule for rule, _ in rules)}", DIM
    for stop in status.standing.stops:
        yield from ((text, YELLOW) for text in stop_lines(stop))
    yield from ((text, YELLOW) for text in status.frozen)


def _held(status: Status, zone: tzinfo) -> Lines:
    for plan in status.standing.held:
        moves, until = sum(plan.moves.values()), local_text(plan.until, zone)
        yield f"Held         plan {plan.plan}: {moves:,} move{'s' * (moves != 1)}, until {until}; see `leadpact held`", YELLOW


def _store(status: Status, zone: tzinfo) -> Lines:
    if status.trouble is not None:
        yield f"Store        {status.trouble}", RED
        yield f"  fix: {status.trouble.fix}", RED
    elif status.has_store:
        backup = f"last backup {local_text(status.backed_up_at, zone)}" if status.backed_up_at is not None else "no backup"
        yield f"Store        {status.store_bytes / 1e6:,.1f} MB, {backup}", ""
