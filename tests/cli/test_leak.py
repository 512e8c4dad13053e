"""What goes wrong little by little, or in the middle of a run: it ends at the limit of the hour, or moves nobody."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.act import apply
from sync.journal import Event
from sync.stops import Scope, StopKind, Target
from sync.store.database import open_store_beside
from sync.store.stops import Stops
from sync.wiring import machine_clock, open_context
from tests.faults.interjecting import Called, between
from tests.flow.enforcing import Enforced, enforced
from tests.flow.practice import leadpact

MINUTE_S = 60
HANDOFF = datetime.fromisoformat("2026-11-23T12:00:00-05:00")  # a Monday: due two business hours later, for a rep of New York or California
SETTLED = HANDOFF + timedelta(hours=2, minutes=30)


def leak(one: Enforced, *, a_minute: int, minutes: int) -> None:
    """Hand over so many leads a minute, and rest until half a minute before the first of them may be moved."""
    rest_until(one, HANDOFF)
    for minute in range(minutes):
        one.leads += [one.hand_over(one.members()[0], 1000 * minute + number) for number in range(a_minute)]
        one.world.people.rest(MINUTE_S)
    rest_until(one, SETTLED - timedelta(seconds=30))


def rest_until(one: Enforced, at: datetime) -> None:
    now = datetime.fromisoformat(one.world.people.ask("GET", "/_sandbox/clock")["now"])
    one.world.people.rest((at - now).total_seconds())


def team_of(one: Enforced, owner: str) -> str:
    roster = tomllib.loads((one.files / "roster.toml").read_text(encoding="utf-8"))
    return next(person["team"] for person in roster["person"] if str(person.get("hubspot")) == owner)


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("a_minute", "minutes", "an_hour"),
    [pytest.param(2, 4, 4, id="small"), pytest.param(20, 60, 40, id="as it is by default")],
)
def test_what_leaks_little_by_little_is_held_at_the_limit_of_the_hour(a_minute: int, minutes: int, an_hour: int, tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=0) as one:
        with (one.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write(f"\n[limits]\nmoves_per_hour = {an_hour}\n")
        leak(one, a_minute=a_minute, minutes=minutes)
        before, codes = one.owners(), []
        for _ in range(minutes):
            one.world.people.rest(MINUTE_S)
            done = leadpact("sync", "--config", str(one.files / "config.toml"))
            codes.append(done.returncode)

        free = an_hour // a_minute
        assert codes == [0] * free + [3] * (minutes - free)
        assert f"{an_hour} were made, {an_hour} are allowed an hour" in done.stderr
        moved = [lead for lead, owner in one.owners().items() if owner != before[lead]]
        assert moved == one.leads[:an_hour]
        plans = json.loads(leadpact("held", "--format", "json", "--config", str(one.files / "config.toml")).stdout)["plans"]
        assert [plan["held"] for plan in plans] == [
            [{"rule": "first_touch", "moves": a_minute, "limit": plan["held"][0]["limit"]}] for plan in plans
        ], "each lead waits in one plan"
        assert len(plans) == minutes - free
        _the_next_hour_is_another(one, held=a_minute, plan=plans[0]["id"])
        if minutes - free > 1:
            _a_pause_stops_a_run_that_has_begun(one, held=a_minute, plan=plans[1]["id"])


def _the_next_hour_is_another(one: Enforced, *, held: int, plan: int) -> None:
    """What a person lets pass counts for the hour; the others wait on, though the hour has room for them again."""
    one.world.people.rest(60 * MINUTE_S)
    assert "0 written and read back, 0 skipped" in one.run("sync")
    assert f"{held} written and read back" in one.run("apply", str(plan))
    assert re.search(r"plan \d+ was carried out", one.run("apply", str(plan), code=64))


def _a_pause_stops_a_run_that_has_begun(one: Enforced, *, held: int, plan: int) -> None:
    """Somebody pauses the rep's team once a run has noted what it is about to send: nothing is sent, and a later run begins anew."""
    before, paused, team = one.owners(), [], team_of(one, one.members()[0])
    with open_context(one.files / "config.toml", tell=lambda _: None) as context:

        def clock() -> datetime:
            if not paused and context.journal.of_plan(plan):
                with open_store_beside(one.files / "leadpact.db") as beside:
                    now = machine_clock()
                    Stops(beside).add(
                        StopKind.PAUSE, [Target(scope=Scope.TEAM, name=team)], now=now, until=now + timedelta(hours=1), who="ann", why="why"
                    )
                paused.append(now)
            return machine_clock()

        chosen = context.plans.get(plan)
        assert chosen is not None
        acted = apply(replace(context, clock=clock), chosen)
        events = [(entry.event, (entry.said or "")[:12]) for entry in context.journal.of_plan(plan)]

    assert paused and paused[0].tzinfo is UTC
    assert (acted.tally.stopped, acted.tally.failed) == (held, 0)
    assert events == [(Event.INTENDED, "")] * held + [(Event.SKIPPED, "paused until")] * held
    assert one.owners() == before
    assert "0 written" in one.run("sync")
    leadpact("resume", "--team", team, "--config", str(one.files / "config.toml"))
    assert f"{held} written and read back" in one.run("sync")


@dataclass(kw_only=True)
class Admin:
    """Takes away our right to see some activities right before the call `at` of a run, and gives it back."""

    one: Enforced
    at: int
    calls: list[Called] = field(default_factory=list)

    def before_each(self, call: Called) -> None:
        if len(self.calls) == self.at:
            self.set_right(False)
        self.calls.append(call)

    def set_right(self, given: bool) -> None:
        ask = self.one.world.people.ask
        if self.one.world.crm == "salesforce":
            ask("POST", "/_sandbox/salesforce/hidden", {"sobject": "Event", "hidden": not given})
        elif given:
            ask("POST", "/_sandbox/token", {"scopes": [*ask("GET", "/_sandbox/token")["scopes"], "sales-email-read"]})
        else:
            ask("POST", "/_sandbox/token", {"without": ["sales-email-read"]})

    def asked_in_vain(self) -> list[Called]:
        """Return the calls for those activities since; that a lead has none at all is told to everybody."""
        return [call for call in self.calls[self.at :] if re.search("/objects/.*/emails/", call.path) or call.asks("FROM Event")]


def log_a_mail_that_never_arrived(one: Enforced, lead: str) -> None:
    """Give a lead of HubSpot an e-mail that keeps no promise, and that must be read to know so."""
    people = one.world.people
    values = {
        "hs_timestamp": people.now(),
        "hubspot_owner_id": one.members()[0],
        "hs_email_direction": "EMAIL",
        "hs_email_status": "BOUNCED",
    }
    link = {"to": {"id": lead}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 198}]}
    people.ask("POST", "/crm/v3/objects/emails", {"properties": values, "associations": [link]})


@pytest.mark.campaign
@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_a_right_to_see_activities_that_is_taken_away_in_the_middle_of_a_run_moves_no_lead(crm: str, tmp_path: Path) -> None:
    with enforced(crm, tmp_path, leads=3) as one, between(one.files, crm) as somebody:
        before = one.owners()
        for lead in one.leads if crm == "hubspot" else ():
            log_a_mail_that_never_arrived(one, lead)
        for at in range(100):
            admin = Admin(one=one, at=at)
            somebody.at_each = admin.before_each
            leadpact("sync", "--config", str(one.files / "config.toml"))
            somebody.at_each = None
            assert len(admin.calls) > at, "no run ends before it writes"
            if one.owners() != before:
                break
            admin.set_right(True)
            one.world.people.rest(MINUTE_S)

    assert not admin.asked_in_vain(), "all that may have been said was read before"
    assert any(call.is_write for call in admin.calls[at:]), "what is moved is moved afterwards"
