"""`[[notify]]`: where leadpact tells people things, and whom through which target. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, unquote

from pydantic import Field, SecretStr

from sync.agreement.model import Agreement
from sync.agreement.schema_words import Texts
from sync.messages import MANAGER, OWNER, PERSONS, ROLES, TEAM
from sync.problems import Problem, choose_fix, listed, quoted
from sync.shape import Table, Text, matching

NOTIFY = "notify"
_SIGNS = re.compile(r"[/:@?&=#,]+")
ADDRESS = "{email}"  # in a URL: the address of the person who is told


class NotifySection(Table):
    """One `[[notify]]`; its URL stands elsewhere, as it holds a secret."""

    name: Annotated[Text, matching(r"[a-z0-9_]+", "a name of small letters, digits and _", fix="write one such as team_slack")]
    readers: Annotated[Texts, Field(alias="for", min_length=1)]
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    at_all_hours: Annotated[bool, Field(strict=True)] = False


class MessagesSection(Table):
    """`[messages]`."""

    templates: Text | None = None  # a folder, relative to that of config.toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where messages go: an Apprise URL, and who is told there."""

    name: str
    url: SecretStr
    readers: tuple[str, ...]  # owner, manager, marketing, ops, or channels of the agreement
    timeout_s: float
    at_all_hours: bool = False  # also outside the hours of who reads there

    @property
    def is_shared(self) -> bool:
        """Whether all messages go to one place, whomever they are for."""
        return ADDRESS not in self.url.get_secret_value()

    def url_for(self, email: str | None) -> str | None:
        """Return the URL that reaches somebody; None for a person without an address where it takes one."""
        url = self.url.get_secret_value()
        if self.is_shared:
            return url
        return url.replace(ADDRESS, quote(email, safe="")) if email else None


def secret_parts(url: str) -> Iterator[str]:
    """Yield an Apprise URL, and each part of it that may be a secret by itself: which one is differs by service. Hosts are none."""
    yield url
    yield from (part for written in _SIGNS.split(url) for part in {written, unquote(written)} if "." not in part)


def written_targets(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of targets in a document that are tables and have a name, whatever else is wrong with them."""
    tables = document.get(NOTIFY)
    return [table for table in tables if isinstance(table, dict) and isinstance(table.get("name"), str)] if isinstance(tables, list) else []


def target_problems(targets: Sequence[Target], *, file: str) -> Iterator[Problem]:
    """Yield a problem for each name that stands twice, and each URL that asks for the address of somebody who has none."""
    names = [target.name for target in targets]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(file=file, where=f"{NOTIFY}.{name}", found="two targets of this name", expected="one", fix="give each its own name")
    for target in targets:
        strangers = [reader for reader in target.readers if reader not in PERSONS]
        if strangers and not target.is_shared:
            yield Problem(
                file=file,
                where=f"{NOTIFY}.{target.name}.for",
                found=f"{listed(strangers)}, and a URL with {ADDRESS}",
                expected=f"only {OWNER} and {MANAGER}, who have an address, where the URL asks for one",
                fix="give the others a target of their own",
            )


def unknown_readers(targets: Sequence[Target], agreement: Agreement, *, file: str) -> Iterator[Problem]:
    """Yield a problem for each reader that neither leadpact nor a `tell` of the agreement knows."""
    tell = agreement.tell
    told = [name for handoff in agreement.handoffs for name in handoff.tell] + [
        *tell.at_risk,
        *tell.broken,
        *tell.recycled,
        *tell.daily,
        *tell.reports,
    ]
    teams = [f"{TEAM} {name}" for name in agreement.teams]
    known = [name for name in dict.fromkeys([*ROLES, *told, *teams]) if name != TEAM]
    for target in targets:
        for reader in target.readers:
            of_roster = not teams and reader.startswith(f"{TEAM} ")  # an agreement that lists no teams leaves them to the roster
            if reader not in known and not of_roster:
                yield Problem(
                    file=file,
                    where=f"{NOTIFY}.{target.name}.for",
                    found=quoted(reader),
                    expected="who can be told: a role, a team, or a name that `tell` of the agreement has",
                    fix=choose_fix(reader, known, otherwise=f"known are: {listed(known)}"),
                )
