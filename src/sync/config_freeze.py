"""`[[freeze]]` of config.toml: windows in which nothing is written. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from sync.agreement.calendar_errors import CalendarError
from sync.agreement.calendar_hours import names_holidays, open_spans
from sync.agreement.calendar_zone import read_zone
from sync.freeze import Freeze, Weekly, Window
from sync.shape import Table, Text, wrong

Moment = Annotated[AwareDatetime, Field(strict=True)]
_SOME_DAY = date(2026, 1, 1)  # hours are read whole, whichever days are asked for


def _hours(text: str) -> str:
    if names_holidays(text):
        raise wrong("hours without PH: no country's holidays are known here", fix="write the days as a window with from and to")
    try:
        open_spans(text, public=(), closed=(), since=_SOME_DAY, upto=_SOME_DAY + timedelta(days=1))
    except CalendarError as error:
        raise wrong("hours of a week, such as Fr 16:00-24:00; Sa-Su 00:00-24:00", fix=error.fix) from None
    return text


def _zone(name: str) -> str:
    try:
        return read_zone(name).key
    except CalendarError as error:
        raise wrong("an IANA time zone", fix=error.fix) from None


class FreezeTable(Table):
    """One window: `from` and `to`, or `weekly` hours with their `zone`; and why."""

    since: Moment | None = Field(default=None, alias="from")
    to: Moment | None = None
    weekly: Annotated[Text, AfterValidator(_hours)] | None = None
    zone: Annotated[Text, AfterValidator(_zone)] | None = None
    why: Text

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        given = {name for name in ("since", "to", "weekly", "zone") if getattr(self, name) is not None}
        if given not in ({"since", "to"}, {"weekly", "zone"}):
            raise wrong("either `from` and `to`, or `weekly` and `zone`", fix="write both keys of one pair, and none of the other")
        if self.since is not None and self.to is not None and self.since >= self.to:
            raise wrong("a `from` before `to`", fix="swap them, or correct one")
        return self

    def freeze(self) -> Freeze:
        """Return the window that is described."""
        if self.weekly is not None and self.zone is not None:
            return Weekly(hours=self.weekly, zone=read_zone(self.zone), why=self.why)
        assert self.since is not None and self.to is not None, "checked above"
        return Window(since=self.since, until=self.to, why=self.why)
