"""The course of one practice lead in a line, for judging by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.world.clock import OpenHours
from sandbox.world.deeds import Channel, Deed
from sandbox.world.ownership import Ownership, Turn
from sandbox.world.passage import Course, Passage
from sandbox.world.people import EXECUTIVES, PROMPT, TEAMS, Rep
from sandbox.world.promises import CALENDARS, Promise, PromiseName
from sandbox.world.sheet import Sheet
from sandbox.world.verdict import promises_of

HOURS = {name: OpenHours(calendar) for name, calendar in CALENDARS.items()}
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TEN = datetime(2026, 11, 9, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York; Wednesday of that week is a holiday
NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
Values = dict[str, Sequence[tuple[datetime, str]]]  # field -> what it was set to when


def a_rep(number: int = 1, *, team: int = 0, **more: Any) -> Rep:
    return Rep(owner_id=str(number), user_id=number, name="A B", email="a@b.example", team=TEAMS[team], habit=PROMPT, pool="sdr", **more)


ANN, BEN = a_rep(1), a_rep(2)
EVE = Rep(owner_id="9", user_id=9, name="E F", email="e@f.example", team=EXECUTIVES, habit=PROMPT, pool="ae")


def a_deed(
    at: datetime,
    channel: Channel = "call",
    *,
    rep: Rep = ANN,
    logged_at: datetime | None = None,
    over_at: datetime | None = None,
    **more: Any,
) -> Deed:
    logged = logged_at or at
    sheet = Sheet(kind="calls", written_at=logged, id="7")
    return Deed(sheet=sheet, channel=channel, rep=rep, at=at, logged_at=logged, over_at=over_at or at, **more)


def a_reply(at: datetime) -> Deed:
    return a_deed(at, "email", flaw="inbound", reply=True)


def a_course(
    *,
    passages: Sequence[Passage] | None = None,
    owners: Iterable[tuple[datetime, Rep | None]] = ((TEN + MINUTE, ANN),),
    deeds: Iterable[Deed] = (),
    values: Values | None = None,
    firm: dict[str, str] | None = None,
    **more: Any,
) -> Course:
    """A lead that was created ten days before it was handed over at TEN, and assigned to Ann a minute later."""
    contact = Sheet(kind="contacts", written_at=TEN - 10 * DAY, id="1")
    contact.set("lifecyclestage", "marketingqualifiedlead", TEN)
    for name, versions in (values or {}).items():
        for at, value in versions:
            contact.set(name, value, at)
    company = Sheet(kind="companies", written_at=TEN - 10 * DAY)
    for name, value in (firm or {}).items():
        company.set(name, value, company.written_at)
    return Course(
        contact=contact,
        company=company,
        ownership=Ownership([Turn(at, rep) for at, rep in owners]),
        passages=[Passage(opened_at=TEN)] if passages is None else passages,
        deeds=sorted(deeds, key=lambda deed: deed.at),
        hours=HOURS,
        **more,
    )


def told(course: Course, promise: PromiseName, now: datetime = NOW) -> list[Promise]:
    """What the world tells of one promise to the lead, oldest first."""
    return [row for row in promises_of(course, title="by hand", now=now) if row.promise == promise]
