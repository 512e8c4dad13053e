"""What a run found, counted as it streams by: by rule, by side, by owner, and the worst leads. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappush, heappushpop

from sync.judge.findings import Finding, Side, Status
from sync.ladder import MOVES
from sync.limits import hold_back
from sync.steps import Step

WORST = 20
TO_FALLBACK, STAYS = "to_fallback", "stays"  # of a lead that nobody of a pool may get


@dataclass(frozen=True, slots=True, order=True)
class Worst:
    """One lead with broken promises that still stand, for the list of the worst."""

    late_by_s: int
    lead: str
    standing: tuple[Finding, ...] = field(compare=False)  # at least one, the longest broken first
    steps: tuple[Step, ...] = field(compare=False)

    @property
    def finding(self) -> Finding:
        """The promise that has been broken for the longest time."""
        return self.standing[0]


@dataclass(slots=True)
class Tally:
    """What became of a number of promises."""

    by_status: Counter[Status] = field(default_factory=Counter)
    kept_late: int = 0  # of the broken ones

    def add(self, finding: Finding) -> None:
        """Count one promise."""
        self.by_status[finding.status] += 1
        self.kept_late += finding.status is Status.BREACHED and finding.settled_at is not None

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.by_status + other.by_status, self.kept_late + other.kept_late)

    @property
    def kept(self) -> int:
        """Promises kept in time."""
        return self.by_status[Status.KEPT]

    @property
    def broken(self) -> int:
        """Broken promises, kept late or not."""
        return self.by_status[Status.BREACHED]

    @property
    def still_open(self) -> int:
        """Promises that are not due yet."""
        return self.by_status[Status.RUNNING] + self.by_status[Status.AT_RISK]

    @property
    def attainment(self) -> float | None:
        """Kept / (kept + broken), 0 to 1; open, excused and unknown ones are left out. None where nothing was decided."""
        decided = self.kept + self.broken
        return self.kept / decided if decided else None

    def as_json(self) -> dict[str, int]:
        """Return the counts by status, of the JSON contract; those that are zero are left out."""
        return {status.value: count for status, count in sorted(self.by_status.items())}


@dataclass(slots=True)
class Summary:
    """Counts of one run; memory does not grow with the number of leads."""

    leads: int = 0  # person records in the mirror
    in_handoff: int = 0  # of these, with a finding in a passage: they were handed over
    standing: int = 0  # of these, with a broken promise that can still be kept, late
    findings: int = 0
    by_rule: dict[str, Tally] = field(default_factory=dict)
    sides: dict[Side, Tally] = field(default_factory=dict)  # promises by the side they hold responsible
    owners: dict[str | None, Tally] = field(default_factory=dict)  # owner id -> promises the owner answers for; None: nobody
    not_theirs: Counter[str | None] = field(default_factory=Counter)  # owner id -> breaches on their leads that another side answers for
    by_side: dict[str, Counter[str]] = field(default_factory=dict)  # rule -> side -> breaches
    steps: Counter[str] = field(default_factory=Counter)  # action -> steps
    held: Counter[str] = field(default_factory=Counter)  # action -> steps that would not be carried out now
    nobody_left: dict[str, Counter[str]] = field(default_factory=dict)  # pool -> what becomes of leads that nobody of it may get
    trips: dict[str, str] = field(default_factory=dict)  # rule -> the limit that its moves go beyond
    _free: Counter[tuple[str, str]] = field(default_factory=Counter)  # (rule, action) -> steps that nothing holds back
    _worst: list[Worst] = field(default_factory=list)

    def add(self, findings: Sequence[Finding], steps: Sequence[Step], *, besides: Sequence[Finding] = ()) -> None:
        """Count one lead; `besides` are broken promises that are not counted, but are among those for which it still waits."""
        self.leads += 1
        self.in_handoff += any(finding.cycle.number for finding in findings)
        self.findings += len(findings)
        for finding in findings:
            self._count(finding)
        for step in steps:
            self.steps[step.action] += 1
            self.held[step.action] += bool(step.blocked_by)
            self._free[step.rule, step.action] += not step.blocked_by
            if step.nobody_left is not None:
                self.nobody_left.setdefault(step.nobody_left, Counter())[TO_FALLBACK if step.given is not None else STAYS] += 1
        self._rank([*findings, *besides], tuple(steps))

    def hold(self, trips: Mapping[str, str]) -> None:
        """Count the moves of the rules that went beyond a limit as held back; `trips` says by which."""
        self.trips = dict(trips)
        for (rule, action), steps in self._free.items():
            self.held[action] += steps if action in MOVES and rule in trips else 0
        self._worst = [replace(worst, steps=tuple(hold_back(worst.steps, trips))) for worst in self._worst]

    def _count(self, finding: Finding) -> None:
        self.by_rule.setdefault(finding.rule, Tally()).add(finding)
        self.sides.setdefault(finding.side, Tally()).add(finding)
        if finding.side is Side.OWNER:
            self.owners.setdefault(finding.owner, Tally()).add(finding)
        if finding.status is Status.BREACHED:
            self.by_side.setdefault(finding.rule, Counter())[finding.side.value] += 1
            self.not_theirs[finding.owner] += finding.side is not Side.OWNER

    def _rank(self, findings: Sequence[Finding], steps: tuple[Step, ...]) -> None:
        standing = [f for f in findings if f.status is Status.BREACHED and f.owed and not _was_instant(f)]
        if not standing:
            return
        self.standing += 1
        standing.sort(key=lambda f: (f.late_by_s or 0, f.rule), reverse=True)
        entry = Worst(standing[0].late_by_s or 0, standing[0].lead, tuple(standing), steps)
        if len(self._worst) < WORST:
            heappush(self._worst, entry)
        else:
            heappushpop(self._worst, entry)

    @property
    def worst(self) -> list[Worst]:
        """The leads with the longest standing breaches, worst first."""
        return sorted(self._worst, reverse=True)

    @property
    def total(self) -> Tally:
        """All promises together."""
        return sum(self.by_rule.values(), Tally())

    @property
    def breaches(self) -> int:
        """Findings that say a promise was broken, settled late or not."""
        return self.total.broken

    @property
    def blocked(self) -> int:
        """Steps that would not be carried out now."""
        return sum(self.held.values())

    def as_json(self) -> dict[str, object]:
        """Return the counts as the `summary` of the JSON contract, keys sorted."""
        return {
            "leads": self.leads,
            "in_handoff": self.in_handoff,
            "findings": self.findings,
            "changes": sum(self.steps.values()),
            "blocked": self.blocked,
            "by_rule": {rule: tally.as_json() for rule, tally in sorted(self.by_rule.items())},
            "kept_late": {rule: tally.kept_late for rule, tally in sorted(self.by_rule.items()) if tally.kept_late},
            "breaches_by_side": {rule: dict(sorted(counts.items())) for rule, counts in sorted(self.by_side.items())},
            "steps": dict(sorted(self.steps.items())),
            "nobody_left": {pool: dict(sorted(became.items())) for pool, became in sorted(self.nobody_left.items())},
        }


def _was_instant(finding: Finding) -> bool:
    """Whether a promise was due the moment it started: such a one cannot be kept late."""
    return finding.due_at is not None and finding.due_at == finding.started_at
