"""`leadpact pause`, `observe` and `resume`: stop acting, for a while or until resumed; a run under way stops before its next call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sync.stopped import Stopped
    from sync.stops import Target

_CONFIG = typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
_RULE = typer.Option(metavar="NAME", help="Only this rule of the agreement.")
_TEAM = typer.Option(metavar="NAME", help="Only leads whose owner is in this team.")
_LEAD = typer.Option(metavar="KEY", help="Only this lead: a record such as hubspot/contact/101, its id or an e-mail address.")
_REASON = typer.Option(help="Why, for whoever looks later.")


def pause(
    span: Annotated[str, typer.Option("--for", metavar="SPAN", help="How long: 30m, 4h, 2d, or 4 hours.")],
    reason: Annotated[str, _REASON],
    rule: Annotated[str | None, _RULE] = None,
    team: Annotated[str | None, _TEAM] = None,
    lead: Annotated[str | None, _LEAD] = None,
    config: Annotated[Path | None, _CONFIG] = None,
) -> int:
    """Send nothing for a while, of everything or of one rule, team or lead; afterwards it goes on where it stood."""
    from sync.stopped import given_reason, given_span, open_stopped
    from sync.stops import StopKind

    why, length = given_reason(reason), given_span(span)
    with open_stopped(config) as stopped:
        targets = _targets(stopped, rule, team, lead)
        until = stopped.now + length
        stopped.stops.add(StopKind.PAUSE, targets, now=stopped.now, until=until, who=stopped.who, why=why)
    _tell(f"paused until {until:%Y-%m-%d %H:%M:%S} UTC", targets)
    return 0


def observe(
    reason: Annotated[str, _REASON],
    rule: Annotated[str | None, _RULE] = None,
    team: Annotated[str | None, _TEAM] = None,
    config: Annotated[Path | None, _CONFIG] = None,
) -> int:
    """Only look from now on, whatever the config allows, until it is resumed; what opens meanwhile under a rule is backlog."""
    from sync.stopped import given_reason, open_stopped
    from sync.stops import StopKind

    why = given_reason(reason)
    with open_stopped(config) as stopped:
        targets = _targets(stopped, rule, team, None)
        stopped.stops.add(StopKind.OBSERVE, targets, now=stopped.now, until=None, who=stopped.who, why=why)
    _tell("only observed from now on", targets)
    return 0


def resume(
    rule: Annotated[str | None, _RULE] = None,
    team: Annotated[str | None, _TEAM] = None,
    lead: Annotated[str | None, _LEAD] = None,
    reason: Annotated[str, _REASON] = "",
    config: Annotated[Path | None, _CONFIG] = None,
) -> int:
    """End the pauses and observes of everything, or those of one rule, team or lead."""
    from sync.errors import UsageError
    from sync.stopped import open_stopped

    with open_stopped(config) as stopped:
        targets, active = _named(stopped, rule, team, lead), stopped.stops.active(stopped.now)
        ours = [stop for stop in active if stop.target in targets]
        if not ours:
            others = "; ".join(sorted({f"leadpact resume{stop.target.option}" for stop in active}))
            fix = f"what is stopped is ended by: {others}" if others else "nothing is stopped: leadpact held"
            raise UsageError(f"nothing stops {' or '.join(map(str, targets))} by that name", fix=fix)
        stopped.stops.resume(ours, now=stopped.now, who=stopped.who, why=reason.strip())
    _tell("resumed", [stop.target for stop in ours])
    return 0


def _targets(stopped: Stopped, rule: str | None, team: str | None, lead: str | None) -> list[Target]:
    """Return what is meant; UsageError for a rule, team or lead that there is not, for that would stop nothing."""
    from sync.errors import UsageError
    from sync.problems import choose_fix, listed

    for what, name, known_of in (("rule", rule, stopped.rules), ("team", team, stopped.teams)):
        if name is not None and name not in (known := known_of()):
            raise UsageError(f"there is no {what} `{name}`", fix=choose_fix(name, known, otherwise=f"known are: {listed(known)}"))
    return _named(stopped, rule, team, lead)


def _named(stopped: Stopped, rule: str | None, team: str | None, lead: str | None) -> list[Target]:
    from sync.errors import UsageError
    from sync.stops import Scope, Target

    given = [(scope, name) for scope, name in ((Scope.RULE, rule), (Scope.TEAM, team), (Scope.LEAD, lead)) if name is not None]
    if len(given) > 1:
        raise UsageError("one of --rule, --team and --lead at a time", fix="stop each by a command of its own")
    if lead is None:
        return [Target(scope=scope, name=name) for scope, name in given] or [Target()]
    keys = stopped.reader.find(lead) or _stopped_by_name(stopped, lead)
    if not keys:
        raise UsageError(f"the store knows no lead `{lead}`", fix="name it as the plan does, such as hubspot/contact/101")
    return [Target(scope=Scope.LEAD, name=key) for key in keys]


def _stopped_by_name(stopped: Stopped, lead: str) -> tuple[str, ...]:
    """Return the key of a lead that was stopped and is gone since, so that it can be resumed all the same."""
    from sync.stops import Scope, Target

    is_stopped = any(stop.target == Target(scope=Scope.LEAD, name=lead) for stop in stopped.stops.active(stopped.now))
    return (lead,) if is_stopped else ()


def _tell(what: str, targets: list[Target]) -> None:
    from sync.plain import plain

    for target in targets:
        typer.echo(plain(f"{target}: {what}"))
