"""A company in a practice CRM, its reps, people who are told, faults, and a daemon that is left alone with all of it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.faults.both import enforced_in_both
from tests.faults.reps import NOT_IN, PLANS, Reps
from tests.faults.served import Served, serving
from tests.faults.test_convergence import FAULTS, ROOMY
from tests.flow.enforcing import Enforced, enforced
from tests.flow.receiver import Receiver, receiver

TARGETS = """
[[notify]]
name = "desk"
for  = ["owner", "manager", "#new-mqls"]
"""
FIRST_TOUCH = '["reassign"]'
MODE, NONE_GOES_BACK = '[mode]\ndefault = "enforce"\n', 'rules = { recycle_due = "observe" }\n'
OURS = {"hubspot": "/crm/objects/2026-09/", "salesforce": "/services/data/"}
MINUTE_S = 60
HANDED_OVER = 0.2  # by each look of the clock
LEFT_OFTEN = ("left",) * 3
CALLS_A_DAY = 1_000_000_000  # a second of a poll may stand for an hour
LIMITS = {"hubspot": "/_sandbox/limits", "salesforce": "/_sandbox/salesforce/limits"}
MOVES = {"hubspot": "/contacts/batch/update", "salesforce": "/composite"}


@dataclass(kw_only=True)
class Life:
    """Moves the CRM's clock, and sees to it that the daemon sees each hour; `calls` are leadpact's own that move leads."""

    served: Served
    reps: Reps
    to: Receiver
    rng: random.Random
    began_at: datetime
    calls: list[dict[str, Any]] = field(default_factory=list)
    _heard: int = 0

    @property
    def one(self) -> Enforced:
        """The company."""
        return self.served.one

    @property
    def store(self) -> Path:
        """The daemon's store."""
        return self.one.files / "leadpact.db"

    @property
    def days(self) -> int:
        """How many days were begun."""
        return (self.reps.now() - self.began_at).days + 1

    def pass_time(self, seconds: float, *, kill: bool = False) -> None:
        """Let time pass and the daemon keep up, killed meanwhile if so wished; then the reps work."""
        self.one.world.people.rest(int(seconds))
        if kill:
            time.sleep(self.rng.uniform(0, 2))
            self.served.kill()
            self.served.start()
        self._go_on()

    def cut_off_while_it_tells(self, seconds: float) -> None:
        """Let time pass, and kill the daemon while a message is on its way."""
        self.to.hang()
        self.one.world.people.rest(int(seconds))
        self.served.until(self.to.arrived.is_set, "a message was awaited")
        self.served.kill()
        self.to.go_on()
        self.served.start()
        self._go_on()

    def an_hour(self, *, kills: float) -> None:
        """Let a part of an hour pass, with a lead that is handed over now and then, and power that fails now and then."""
        if self.rng.random() < HANDED_OVER:
            plans = sorted(PLANS.keys() - NOT_IN[self.one.world.crm])
            self.reps.hand_over(self.rng.choice([*plans, *LEFT_OFTEN]))
        is_killed = self.served.process is not None and self.rng.random() < kills
        self.pass_time(self.rng.randint(15, 60) * MINUTE_S, kill=is_killed)

    def _go_on(self) -> None:
        if self.served.process is not None:
            self.served.keep_up()
        self.reps.work()
        self.reps.edit()
        self._hear()

    def _hear(self) -> None:
        told = self.one.world.people.ask("GET", f"/_sandbox/requests?after={self._heard}")["requests"]
        self._heard = told[-1]["number"] if told else self._heard
        path = MOVES[self.one.world.crm]
        self.calls += [call for call in told if call["is_write"] and call["path"].endswith(path)]


@contextmanager
def a_life(crm: str, folder: Path, *, seed: int, nightly_at: str = "off") -> Iterator[Life]:
    """Serve a company whose agreement is enforced, but for leads that go back, where calls of leadpact's go wrong now and then.

    `crm` may be `both`.
    """
    with receiver() as to, _company(crm, folder, seed) as one:
        secret = one.files / "secrets" / "notify_desk"
        secret.parent.mkdir(exist_ok=True)
        secret.write_text(to.url("desk"), encoding="utf-8")
        secret.chmod(0o600)
        for name in OURS if crm == "both" else (crm,):
            one.world.people.ask("POST", LIMITS[name], {"daily": CALLS_A_DAY})
            one.world.people.ask("POST", "/_sandbox/faults", [{"path": OURS[name] + "*", **rule} for rule in FAULTS[name]])
        config = one.files / "config.toml"
        config.write_text(config.read_text(encoding="utf-8").replace(MODE, MODE + NONE_GOES_BACK), encoding="utf-8")
        with serving(one, nightly_at=nightly_at, more=ROOMY + TARGETS) as served:
            rng = random.Random(seed)
            reps = Reps(one=one, rng=rng)
            yield Life(served=served, reps=reps, to=to, rng=rng, began_at=reps.now())


def _company(crm: str, folder: Path, seed: int) -> AbstractContextManager[Enforced]:
    if crm == "both":
        return enforced_in_both(folder, seed=seed, ladder=FIRST_TOUCH)
    return enforced(crm, folder, leads=0, hours=0, seed=seed, ladder=FIRST_TOUCH)
