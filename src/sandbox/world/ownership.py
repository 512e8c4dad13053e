"""Who had a lead when, as it was planned. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.world.people import Rep


@dataclass(slots=True, kw_only=True)
class Tenure:
    """One assignment within a passage."""

    rep: Rep
    at: datetime
    until: datetime | None = None  # when the owner changed


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at` on the lead was `rep`'s; None: nobody's, a queue's or a placeholder's."""

    at: datetime
    rep: Rep | None


class Ownership:
    """All owners of one lead; of two turns at one moment the later told holds."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = _changes(sorted(turns, key=lambda turn: turn.at))

    def only(self, pool: str) -> Ownership:
        """The same, where only members of `pool` count as owners."""
        return Ownership([turn if turn.rep and turn.rep.pool == pool else Turn(turn.at, None) for turn in self._turns])

    def changes(self) -> Sequence[Turn]:
        """Each change of the owner, oldest first."""
        return self._turns

    def at(self, moment: datetime) -> Rep | None:
        """Whose lead it is at `moment`."""
        return next((turn.rep for turn in reversed(self._turns) if turn.at <= moment), None)

    def anybody(self, since: datetime, upto: datetime) -> bool:
        """Whether somebody owned it at any moment from `since` to `upto`."""
        return self.at(since) is not None or any(turn.rep for turn in self._turns if since <= turn.at <= upto)

    def tenures(self, opened: datetime, ended: datetime | None) -> list[Tenure]:
        """The assignments between two moments; one at the very end, or later, is none."""
        return list(self._tenures(opened, ended))

    def _tenures(self, opened: datetime, ended: datetime | None) -> Iterator[Tenure]:
        untils: list[datetime | None] = [*(turn.at for turn in self._turns[1:]), None][: len(self._turns)]
        for turn, until in zip(self._turns, untils, strict=True):
            at = max(turn.at, opened)
            over = (until is not None and until <= opened) or (ended is not None and at >= ended and at > opened)
            if turn.rep is not None and not over:
                yield Tenure(rep=turn.rep, at=at, until=until)


def _changes(turns: Sequence[Turn]) -> list[Turn]:
    """Leave out who was written once more, and who was written over at the same moment."""
    changes: list[Turn] = []
    for turn in turns:
        if changes and changes[-1].at == turn.at:
            changes.pop()
        if not changes or changes[-1].rep is not turn.rep:
            changes.append(turn)
    return changes
