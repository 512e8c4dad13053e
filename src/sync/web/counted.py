"""What the store holds, counted no more often than it is cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.problems import Problems
from sync.store.database import open_store_readonly
from sync.store.errors import StoreError
from sync.store.figures import Calls, Figures, RuleCount, size_of
from sync.store.held import Held
from sync.web.stages import count_stages

WAIT = timedelta(seconds=1)  # readers wait for nobody, but while the store is made anew
LEAST_AGE_S = 15.0  # a count younger than this is told again
SHARE = 0.02  # of the time may be spent counting: of a large store it is told again for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The store at one moment."""

    at: datetime
    rules: tuple[RuleCount, ...]
    stages: Mapping[str, int]
    events: Mapping[str, int]  # of the journal, ever
    messages: Mapping[str, int]
    calls: Mapping[str, Calls]
    usage: Mapping[str, Mapping[str, Any]]  # what each CRM said last: see `usage_json`
    held_plans: int
    took_s: float


class StoreCounts:
    """Counts a store by read-only snapshots, beside whoever writes."""

    def __init__(self, store: Path, *, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._counted: Counted | None = None
        self._counted_s = 0.0
        self._journal = (0, Counter[str]())  # its newest line that is counted, and how often each event was told up to it
        self._agreement: tuple[str, Agreement | None] = ("", None)

    def read(self) -> Counted | None:
        """Return the counts, at most some seconds old; those of before where the store cannot be read now, None if it never could.

        For one thread.
        """
        fresh_s = max(LEAST_AGE_S, self._counted.took_s / SHARE) if self._counted is not None else 0.0
        if self._counted is None or self._monotonic() - self._counted_s >= fresh_s:
            try:
                self._counted = self._count()
            except StoreError:
                return self._counted
            self._counted_s = self._monotonic()
        return self._counted

    def size(self) -> int:
        """Return how many bytes the store takes."""
        return size_of(self._store)

    def account(self, crm: str) -> str | None:
        """Return of which account of a CRM the store is; None where it has none yet, or cannot be read. For any thread."""
        try:
            with open_store_readonly(self._store, wait=WAIT) as store:
                return Figures(store).account(crm)
        except StoreError:
            return None

    def _count(self) -> Counted:
        began_s, at = self._monotonic(), self._clock()
        with open_store_readonly(self._store, wait=WAIT) as store:
            figures = Figures(store)
            agreement = self._agreement_used(figures)
            return Counted(
                at=at,
                rules=tuple(figures.rules()),
                stages=count_stages(agreement, lambda kind, fields: figures.held_by(*kind, fields)) if agreement is not None else {},
                events=self._events(figures),
                messages=figures.messages(),
                calls=figures.calls(),
                usage=figures.usage_told(),
                held_plans=len(Held(store).waiting(at)),
                took_s=self._monotonic() - began_s,
            )

    def _events(self, figures: Figures) -> Mapping[str, int]:
        """Count what was added to the journal since; all of it anew where it is shorter than it was, as after a restore."""
        line, counted = self._journal
        newest, added = figures.journal_after(line)
        if newest < line:
            counted = Counter()
            newest, added = figures.journal_after(0)
        self._journal = (newest, counted + Counter(added))
        return self._journal[1]

    def _agreement_used(self, figures: Figures) -> Agreement | None:
        """Return the agreement of the newest run; None before any, or where this version cannot read it."""
        text = figures.agreement_used() or ""
        if text != self._agreement[0]:
            try:
                self._agreement = (text, agreement_of(text, file="the agreement in the store"))
            except Problems:
                self._agreement = (text, None)
        return self._agreement[1]
