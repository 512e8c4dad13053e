"""Cadences whose attempts, with the gaps between them, cannot fit their time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sync.agreement.flaws import Flaw, error, warning
from sync.agreement.lines import Path
from sync.agreement.lint_calendars import calendars_of, share_in_time, starts
from sync.agreement.lint_clocks import span_flaws
from sync.agreement.lint_starts import cadence_start_flaws
from sync.agreement.model import Agreement, Cadence
from sync.agreement.spans import Span
from sync.problems import listed
from sync.roster import Roster

_WEEKS_TRIED = 4
_MOSTLY = 0.5  # of the moments at which a cadence may start
_LONGEST = timedelta(days=36_600)  # no cadence is longer


def cadence_flaws(cadence: Cadence, path: Path, agreement: Agreement, roster: Roster) -> Iterator[Flaw]:
    """What is wrong with one cadence, which stands at `path`."""
    yield from cadence_start_flaws(cadence, path, agreement)
    found = list(span_flaws(cadence.within, cadence.calendar, (*path, "within"), agreement, roster))
    yield from found
    least, most = cadence.gap_at_least, cadence.gap_at_most
    if found or least is None:
        return
    calendars, moments = calendars_of(cadence.calendar, agreement, roster), starts(agreement, weeks=_WEEKS_TRIED)
    whole = _times(least, cadence.attempts - 1)
    shares = {name: share_in_time(whole, cadence.within, hours, moments) if whole is not None else 0.0 for name, hours in calendars.items()}
    what = f"{cadence.attempts} attempts at least `{least.text}` apart do not fit into `{cadence.within.text}`"
    yield from _misfits((*path, "gap"), what, shares, fix="ask for fewer attempts, a shorter gap or more time")
    if most is not None:
        shares = {name: share_in_time(least, most, hours, moments) for name, hours in calendars.items()}
        what = f"no attempt is at least `{least.text}` and at most `{most.text}` after the one before"
        yield from _misfits((*path, "gap"), what, shares, fix="correct one of the two")


def _misfits(path: Path, what: str, shares: dict[str, float], *, fix: str) -> Iterator[Flaw]:
    """An error where nothing ever fits, by any calendar; a warning where it seldom does, by some."""
    seldom = sorted(name for name, share in shares.items() if share < _MOSTLY)
    if not any(shares.values()):
        yield error(path, what, fix=fix)
    elif seldom:
        yield warning(path, f"by {listed(seldom)}, for most moments at which it may start, {what}", fix=fix)


def _times(span: Span, count: int) -> Span | None:
    """`count` spans in a row; None where that is longer than any cadence."""
    if count > _LONGEST / (span.length or timedelta(days=span.days)):
        return None
    return replace(span, length=span.length * count, days=span.days * count)
