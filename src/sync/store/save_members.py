"""Keep who belongs to whose lead, and who may: adds rows and ends rows, and rewrites none."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sync.one_person import Grouping
from sync.store.keys import as_json

Members = Mapping[int, tuple[int, str]]  # person -> (record that names its lead, how they were linked)


@dataclass(frozen=True, slots=True)
class _Held:
    """A membership that stands."""

    lead: int
    linked_at: int | None


def held_leads(tx: sqlite3.Connection, persons: Iterable[int]) -> dict[int, int]:
    """Return to whose leads those of `persons` belong that belong to another's."""
    return {person: held.lead for person, held in _members(tx, persons).items()}


def _members(tx: sqlite3.Connection, persons: Iterable[int]) -> dict[int, _Held]:
    rows = tx.execute(
        "SELECT person, lead, linked_at FROM member WHERE unlinked_at IS NULL AND person IN (SELECT value FROM json_each(?))",
        (as_json(persons),),
    )
    return {person: _Held(lead, linked_at) for person, lead, linked_at in rows}


def save_members(tx: sqlite3.Connection, persons: Collection[int], leads: Members, now: int) -> set[int]:
    """End and open memberships of `persons`, all of whom `leads` tells; return the records that name a lead which changed."""
    before = _members(tx, persons)
    ended = {person: held for person, held in before.items() if leads.get(person, (None,))[0] != held.lead}
    begun = {person: told for person, told in leads.items() if person not in before or before[person].lead != told[0]}
    if not ended and not begun:
        return set()
    moves = _Moves(tx, ended=ended, begun={person: lead for person, (lead, _) in begun.items()}, now=now)
    tx.executemany(
        "UPDATE member SET unlinked_at = ? WHERE person = ? AND unlinked_at IS NULL", ((moves.left_at(one) or 0, one) for one in ended)
    )
    tx.executemany(
        "INSERT INTO member (person, lead, linked_at, why) VALUES (?, ?, ?, ?)",
        ((person, lead, moves.came_at(person), why) for person, (lead, why) in begun.items()),
    )
    return {*ended, *(held.lead for held in ended.values()), *(lead for lead, _ in begun.values())} - leads.keys()


class _Moves:
    """When persons left the leads in which they were, and came to those in which they are (ms); None: as long as both are known."""

    def __init__(self, tx: sqlite3.Connection, *, ended: Mapping[int, _Held], begun: Mapping[int, int], now: int) -> None:
        self._ended, self._begun, self._now = ended, begun, now
        ids = {*begun, *begun.values()}
        self._judged, self._former = _judged(tx, ids), _former_members(tx, ids)
        self._over = _over(tx, {*ended, *(held.lead for held in ended.values())})
        heirs = ((into, one, at) for one, (at, into) in self._over.items() if into is not None and one in ended)
        self._inherited = {into: at for into, one, at in heirs if begun.get(into) == ended[one].lead}

    def left_at(self, person: int) -> int | None:
        """Return when a person left: with the record that named its lead, else now."""
        lead = self._ended[person].lead
        if person in self._begun and self._begun.get(lead) == self._begun[person]:
            return self.came_at(lead)
        for one in (lead, person):
            if one in self._over:
                return self._over[one][0]
        return self._now

    def came_at(self, person: int) -> int | None:
        """Return when a person came: when it left where it was, or the record merged into it went; now where both were judged apart."""
        if person in self._ended:
            return max((at for at in (self._ended[person].linked_at, self.left_at(person)) if at is not None), default=None)
        if person in self._inherited:
            return self._inherited[person]
        return self._now if person in self._former or {person, self._begun[person]} <= self._judged else None


def _over(tx: sqlite3.Connection, ids: Iterable[int]) -> dict[int, tuple[int | None, int | None]]:
    """Return those of `ids` that are no records of their own any more: since when, and what they were merged into.

    Of those that were erased nobody knows when they were any.
    """
    rows = tx.execute(
        """
        SELECT id, iif(erased_at IS NULL, gone_at, NULL), merged_into FROM record
        WHERE id IN (SELECT value FROM json_each(?)) AND (merged_into IS NOT NULL OR erased_at IS NOT NULL)
        """,
        (as_json(ids),),
    )
    return {id_: (at, into) for id_, at, into in rows}


def _judged(tx: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """Return those of `ids` that were judged as a lead, or as part of one."""
    rows = tx.execute(
        """
        SELECT lead FROM lead_state WHERE lead IN (SELECT value FROM json_each(:ids))
        UNION SELECT person FROM member WHERE person IN (SELECT value FROM json_each(:ids)) AND unlinked_at IS NOT NULL
        """,
        {"ids": as_json(ids)},
    )
    return {id_ for (id_,) in rows}


def _former_members(tx: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """Return those of `ids` that were part of another record's lead: they cannot have been part of two."""
    rows = tx.execute(
        "SELECT person FROM member WHERE person IN (SELECT value FROM json_each(?)) AND unlinked_at IS NOT NULL", (as_json(ids),)
    )
    return {id_ for (id_,) in rows}


def save_doubts(tx: sqlite3.Connection, persons: Collection[int], grouping: Grouping, now: int) -> set[int]:
    """Note and drop doubts of `persons`; return the records that name a lead whose doubts changed."""
    rows = tx.execute("SELECT person, other FROM doubt WHERE person IN (SELECT value FROM json_each(?))", (as_json(persons),))
    before = set(rows)
    tx.executemany("DELETE FROM doubt WHERE person = ? AND other = ?", before - grouping.doubts)
    tx.executemany("INSERT INTO doubt (person, other, since) VALUES (?, ?, ?)", ((*pair, now) for pair in grouping.doubts - before))
    return {grouping.leads.get(person, (person, ""))[0] for person, _ in before ^ grouping.doubts}
