"""What is held, paused and frozen, for people and for machines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import orjson

from sync.brakes import Brakes
from sync.judge.findings import Finding
from sync.plain import plain
from sync.report.contract import moment
from sync.stops import Stop, Subject
from sync.store.held import HeldPlan


def held_lines(plan: HeldPlan) -> Iterator[str]:
    """Yield a held plan: since when and until when, which limit holds how many moves, and the commands that end it."""
    yield f"plan {plan.plan}, made {_utc(plan.at)} by run {plan.run}, expires {_utc(plan.until)}"
    for rule, count in sorted(plan.moves.items()):
        yield f"    {rule}: {count:,} move{'s' * (count != 1)} held: {plan.trips[rule]}"
    yield f"    see its steps: leadpact show {plan.run}"
    yield f"    let it pass: leadpact apply {plan.plan}"
    yield f"    drop it: leadpact drop {plan.plan} --reason …"


def stop_lines(stop: Stop) -> Iterator[str]:
    """Yield a pause or an observe: of what, since when and until when, whose and why, and the command that ends it."""
    until = f"until {_utc(stop.until)}" if stop.until is not None else "until it is resumed"
    yield plain(f"{stop.kind.value} {stop.number} of {stop.target}, {until}; since {_utc(stop.since)} by {stop.who}: {stop.why}")
    yield plain(f"    end it: leadpact resume{stop.target.option}")


def stopped_lines(brakes: Brakes, findings: Iterable[Finding], *, teams: Mapping[str, str | None]) -> Iterator[str]:
    """Yield what keeps leadpact from acting on a lead now, each once; `teams` are those of whom the findings name, by key."""
    told: dict[str, None] = {}
    for finding in findings:
        if finding.owed:
            keys = (finding.lead, *map(str, finding.records))
            subject = Subject(rule=finding.rule, team=teams.get(finding.key), leads=keys)
            told |= dict.fromkeys((*brakes.pauses(subject), *filter(None, (brakes.observes(subject), brakes.latched(subject)))))
    if told:
        yield ""
        yield "What keeps leadpact from acting now"
        yield from (f"  {why}" for why in told)


def stopped_json(plans: Iterable[HeldPlan], stops: Iterable[Stop], frozen: Iterable[str]) -> bytes:
    """Return the document of `leadpact held`."""
    document = {"plans": [held_json(plan) for plan in plans], "stops": [stop_json(stop) for stop in stops], "frozen": list(frozen)}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def held_json(plan: HeldPlan) -> dict[str, object]:
    """Return a held plan, with the commands that end it."""
    return {
        "id": plan.plan,
        "run": plan.run,
        "made_at": moment(plan.at),
        "expires_at": moment(plan.until),
        "held": [{"rule": rule, "moves": count, "limit": plan.trips[rule]} for rule, count in sorted(plan.moves.items())],
        "apply": f"leadpact apply {plan.plan}",
        "drop": f"leadpact drop {plan.plan} --reason …",
    }


def stop_json(stop: Stop) -> dict[str, object]:
    """Return a pause or an observe, with the command that ends it."""
    return {
        "id": stop.number,
        "kind": stop.kind.value,
        "scope": stop.target.scope.value,
        "name": stop.target.name or None,
        "since": moment(stop.since),
        "until": moment(stop.until),
        "who": stop.who,
        "why": stop.why,
        "resume": f"leadpact resume{stop.target.option}",
    }


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
