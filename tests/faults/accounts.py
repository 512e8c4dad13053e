"""A practice CRM that stands still, and what runs that nobody disturbs make of it: what a run through faults is compared with."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.mirrored import Row, mirror_of
from tests.faults.worlds import practice_world
from tests.flow.org_people import OrgPeople
from tests.flow.people import People
from tests.flow.practice import audit_json


@dataclass(frozen=True, kw_only=True)
class Account:
    """A CRM as it was an hour ago and is now."""

    people: People | OrgPeople
    empty: Path  # files without a store
    earlier: Path  # files with a store of an hour ago
    full: list[Row]  # the mirror of a pull into the first
    later: list[Row]  # and of one into the second

    def start(self, folder: Path, *, is_first: bool) -> tuple[Path, list[Row]]:
        """Copy the files of a first pull or of a later one; give them, and the mirror to which it must lead."""
        return shutil.copytree(self.empty if is_first else self.earlier, folder), self.full if is_first else self.later


@contextmanager
def standing_account(crm: str, folder: Path) -> Iterator[Account]:
    """Serve an account in which much has happened since an hour ago."""
    with practice_world(crm, folder, leads=60, seed=6) as world:
        with (world.files / "config.toml").open("a", encoding="utf-8") as config:
            config.write("timeout_s = 2\n")
        empty, earlier = folder / "empty", folder / "earlier"
        shutil.copytree(world.files, empty)
        audit_json(world.files)
        shutil.copytree(world.files, earlier)
        world.people.rest(3600)
        for _ in range(80):
            world.people.do(world.people.restless_deeds)
        world.people.rest(1)
        full, later = pulled(empty, folder / "calm"), pulled(earlier, folder / "on")
        yield Account(people=world.people, empty=empty, earlier=earlier, full=full, later=later)


def pulled(start: Path, folder: Path) -> list[Row]:
    """Run undisturbed in a copy of `start`, and return the mirror."""
    shutil.copytree(start, folder)
    audit_json(folder)
    return mirror_of(folder / "leadpact.db")


def arm(people: People | OrgPeople, *rules: dict[str, Any]) -> None:
    """Let calls go wrong by these rules and by no others."""
    people.ask("DELETE", "/_sandbox/faults")
    if rules:
        people.ask("POST", "/_sandbox/faults", list(rules))


def spoiled(people: People | OrgPeople) -> int:
    """Count the calls that went wrong."""
    return sum(rule["fired"] for rule in people.ask("GET", "/_sandbox/faults")["faults"])


def each_on_both(
    faults: Iterable[str], *, in_the_gate: Collection[tuple[str, bool]], without: Collection[tuple[str, bool]] = ()
) -> pytest.MarkDecorator:
    """Each fault on a first pull (True) and on a later one; a few of them in the gate."""
    pairs = [pair for fault in faults for pair in ((fault, True), (fault, False)) if pair not in without]
    ids = [f"{fault}, {'first' if is_first else 'later'} pull" for fault, is_first in pairs]
    marks = [() if pair in in_the_gate else pytest.mark.campaign for pair in pairs]
    return pytest.mark.parametrize(
        ("fault", "is_first"), [pytest.param(*pair, id=id_, marks=mark) for pair, id_, mark in zip(pairs, ids, marks, strict=True)]
    )
