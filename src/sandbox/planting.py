"""Lines of a portal file -> records, staff, definitions and pipelines of a portal; all or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sandbox import computed
from sandbox.casting import definition_of, list_of, owner_of, pipeline_of, team_of
from sandbox.clock import as_millis, as_moment
from sandbox.decimals import decimal_of
from sandbox.definitions import Definition, own_string
from sandbox.kinds import KINDS, PLAIN, Kind
from sandbox.lines import AccountLine, BadLines, ListLine, OwnerLine, PipelineLine, PropertyLine, RecordLine, TeamLine, problem, read_line
from sandbox.links import link
from sandbox.record import Record

if TYPE_CHECKING:
    from sandbox.portal import Portal

Lines = Iterable[tuple[str, object]]  # place and line, as often as they are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seedling:
    """A record that is checked and not yet in the portal."""

    where: str
    kind: str
    record: Record
    associations: Mapping[str, list[str]]


def plant(portal: Portal, lines: Lines, *, arriving: bool = False) -> int:
    """Add what `lines` say to `portal`; how many records that were.

    Records that are `arriving` and do not say when they were last changed were changed now.
    Raises BadLines with every problem of every line, and then nothing was added.
    """
    return _Planting(portal, arriving=arriving).run(lines)


class _Planting:
    def __init__(self, portal: Portal, *, arriving: bool) -> None:
        self.portal = portal
        self.arriving = arriving
        self.definitions = {kind: dict(known) for kind, known in portal.definitions.items()}
        self.later: list[Callable[[], None]] = []  # what to do once all lines are found good
        self.problems: list[str] = []
        self.seedlings: dict[tuple[str, int], _Seedling] = {}
        self.identifiers: dict[str, set[str]] = {}
        self.taken: dict[tuple[str, str, str], int] = {}  # kind, identifying property, value -> id

    def run(self, lines: Lines) -> int:
        for where, line in lines:
            if not _is_record(line):
                self._check(where, line)
        for where, line in lines:
            if _is_record(line):
                self._check(where, line)
        self._check_associations()
        if self.problems:
            raise BadLines(self.problems)
        self._commit()
        return len(self.seedlings)

    def _check(self, where: str, line: object) -> None:
        try:
            self._take(where, read_line(line, where))
        except BadLines as error:
            self.problems += error.problems

    def _take(self, where: str, line: object) -> None:
        match line:
            case RecordLine():
                self._sow(where, line)
            case PropertyLine():
                definition = definition_of(line)
                self.definitions[line.object_type][line.name] = definition
                self.later.append(lambda: self.portal.define(line.object_type, definition))
            case PipelineLine():
                pipeline = pipeline_of(line)
                self.later.append(lambda: self.portal.pipelines.setdefault(line.object_type, {}).update({line.id: pipeline}))
            case OwnerLine():
                owner = owner_of(line, self.portal.clock.text())
                self.later.append(lambda: self.portal.staff.owners.update({line.id: owner}))
            case TeamLine():
                team = team_of(line)
                self.later.append(lambda: self.portal.staff.add_team(team))
            case ListLine():
                made = list_of(line, self.portal.clock.text())
                self.later.append(lambda: self.portal.lists.by_id.update({line.id: made}))
            case AccountLine():
                self.later.append(lambda: _set_account(self.portal, line))

    def _sow(self, where: str, line: RecordLine) -> None:
        kind, id_ = KINDS[line.object], int(line.id)
        if (twin := self.seedlings.get((kind.plural, id_))) is not None:
            raise BadLines(
                [problem(where, f"{kind.plural} {id_}", f"an id that stands on no other line (it stands on {twin.where})", "id")]
            )
        record = self._record(where, kind, line)
        self._refuse_if_taken(where, kind, record)
        self.seedlings[kind.plural, id_] = _Seedling(where=where, kind=kind.plural, record=record, associations=line.associations)

    def _record(self, where: str, kind: Kind, line: RecordLine) -> Record:
        values = {name: value for name, value in line.properties.items() if value is not None}
        for name, versions in line.history.items():
            newest = max(versions, key=lambda version: as_millis(version["timestamp"]), default=None)
            if newest is not None and newest["value"] and name not in line.properties:
                values[name] = newest["value"]
        values = self._normal(where, kind, values)
        self._stamp(kind, line, values)
        for name, value in computed.stamps_from_history(line.history).items():
            if name in self.definitions[kind.plural]:
                values.setdefault(name, value)
        history = {name: orjson.dumps([_served(version) for version in versions]) for name, versions in line.history.items()}
        archived_at = (line.archived_at or values[kind.modified]) if line.archived else None
        return Record(id=int(line.id), properties=values, history=history, archived_at=archived_at)

    def _normal(self, where: str, kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
        """The values with epoch milliseconds as moments, and picklist values shared between records."""
        known = self.definitions[kind.plural]
        normal: dict[str, str] = {}
        for given, text in values.items():
            name = sys.intern(given)
            definition = known.get(name) or known.setdefault(name, own_string(name))
            value = text
            if text and definition.is_moment:
                value = self._moment(where, definition, text)
            elif text and definition.type == "number":
                self._check_number(where, definition, text)
            elif definition.options or definition.follows:
                value = sys.intern(text)
            normal[name] = value
        return normal

    def _moment(self, where: str, definition: Definition, text: str) -> str:
        try:
            if definition.type == "date":
                return as_moment(text)[:10]
            if text.isdigit():
                return as_moment(text)
            as_millis(text)
        except ValueError:
            self.problems.append(problem(where, text, "a moment such as 2026-11-20T15:00:00Z", f"properties.{definition.name}"))
        return text

    def _check_number(self, where: str, definition: Definition, text: str) -> None:
        try:
            decimal_of(text)
        except ValueError as error:
            self.problems.append(problem(where, text, str(error), f"properties.{definition.name}"))

    def _past(self, text: str | None) -> str | None:
        """A moment that is not in the future of the portal: an activity without any other date was logged when it happened."""
        try:
            return text if text and as_millis(text) <= as_millis(self.portal.clock.text()) else None
        except ValueError:
            return None

    def _stamp(self, kind: Kind, line: RecordLine, values: dict[str, str]) -> None:
        """Set id, creation and last change, from what the line tells and else from the clock."""
        moments = sorted((v["timestamp"] for versions in line.history.values() for v in versions), key=as_millis)
        earliest = moments[0] if moments else self._past(values.get("hs_timestamp")) or self.portal.clock.text()
        created = values.get("createdate") or values.get("hs_createdate") or line.created_at or earliest
        newest = self.portal.clock.text() if self.arriving else moments[-1] if moments else created
        modified = values.get("lastmodifieddate") or values.get("hs_lastmodifieddate") or line.updated_at or newest
        values[kind.created] = created
        values[kind.modified] = modified
        if kind.plural == "contacts":
            values.setdefault("hs_lastmodifieddate", modified)
        values["hs_object_id"] = line.id.lstrip("0") or "0"

    def _refuse_if_taken(self, where: str, kind: Kind, record: Record) -> None:
        if record.archived_at is not None:
            return
        collection = self.portal.collections[kind.plural]
        for name in self._identifiers(kind.plural):
            if not (value := (record.value(name) or "").lower()):
                continue
            held = collection.holder(name, value) if name in collection.identifiers else None
            other = self.taken.setdefault((kind.plural, name, value), record.id)
            if held is not None and held.id != record.id and (kind.plural, held.id) not in self.seedlings:
                other = held.id
            if other != record.id:
                self.problems.append(problem(where, value, f"a value that no other record has ({kind.plural} {other} has it)", name))

    def _identifiers(self, kind: str) -> set[str]:
        """Names of the identifying properties of a kind, with those that these lines define."""
        if kind not in self.identifiers:
            unique = {name for name, definition in self.definitions[kind].items() if definition.unique}
            self.identifiers[kind] = unique.union(self.portal.collections[kind].identifiers)
        return self.identifiers[kind]

    def _check_associations(self) -> None:
        for seedling in self.seedlings.values():
            for kind, ids in seedling.associations.items():
                key = f"associations.{kind}"
                if (seedling.kind, kind) not in PLAIN:
                    self.problems.append(problem(seedling.where, kind, f"a kind that {seedling.kind} can be associated with", key))
                    continue
                for id_ in ids:
                    if (kind, int(id_)) not in self.seedlings and int(id_) not in self.portal.collections[kind]:
                        self.problems.append(problem(seedling.where, id_, f"the id of one of the {kind}", key))

    def _commit(self) -> None:
        portal = self.portal
        portal.definitions = self.definitions
        for act in self.later:
            act()
        for seedling in self.seedlings.values():
            collection = portal.collections[seedling.kind]
            if seedling.record.id in collection:
                seedling.record.links = collection[seedling.record.id].links
            portal.add(seedling.kind, seedling.record)
        for end, seedling in self.seedlings.items():
            for other_kind, ids in seedling.associations.items():
                for other_id in ids:
                    link(portal, end, (other_kind, int(other_id)))
        self._compute()

    def _neighbours(self) -> dict[tuple[str, int], set[str]]:
        """Records that were there before, and the kinds of the new records they are associated with."""
        found: dict[tuple[str, int], set[str]] = {}
        for (kind, _), seedling in self.seedlings.items():
            for other_kind, others in seedling.record.links.items():
                for other_id in others:
                    if (other_kind, other_id) not in self.seedlings:
                        found.setdefault((other_kind, other_id), set()).add(kind)
        return found

    def _compute(self) -> None:
        for (kind, _), seedling in self.seedlings.items():
            computed.fill(self.portal, kind, seedling.record)
        for (kind, id_), causes in self._neighbours().items():
            computed.settle(self.portal, kind, self.portal.record(kind, id_), causes)


def _is_record(line: object) -> bool:
    return isinstance(line, Mapping) and isinstance(line.get("object"), str) and line["object"] in KINDS


def _served(version: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in version.items() if value is not None or name == "value"}


def _set_account(portal: Portal, line: AccountLine) -> None:
    for name, value in line.model_dump(exclude={"object"}, exclude_none=True).items():
        setattr(portal.account, name, value)
