"""Mark the leads that a page changed, in the transaction that saves it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from connectors.records import Vocabulary
from sync.store.alike import windows
from sync.store.keys import as_json

CLOCKS_DIFFER = 60_000  # ms by which the moment of a judgement may lie before that of its pages: see `run.corrected`
MARK = """
    INSERT INTO dirty (lead, since, why, mark)
    {leads}
    ON CONFLICT (lead) DO UPDATE SET since = max(since, excluded.since), why = excluded.why, mark = excluded.mark
"""
"""Marks the rows (lead, since, why, number of the mark) that `leads` selects; a mark that stands keeps the later moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest rows before a page was saved, and how look-alikes are counted."""

    object: int  # id in `object`: what has a higher one was named by this page first
    change: int  # id in `field_change`
    status: int  # id in `activity_status`
    link: int  # id in `association`
    bulk_within: int | None  # ms; None as long as no lead was judged


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a page changed in rows that were there, or may have been.

    Each with the moment (ms) from which on a reading of leads sees it.
    """

    before: Newest
    seen_at: int  # when the page was seen
    objects: dict[int, int] = field(default_factory=dict)  # row id of a record or an activity -> moment
    unlinked: list[int] = field(default_factory=list)  # ids in `association`
    alike: set[tuple[str, int]] = field(default_factory=set)  # look-alikes that came or went: hash, logged at
    owners: set[str] = field(default_factory=set)  # owner ids
    link_fields: frozenset[str] = frozenset()  # fields of persons by which they are linked; none as long as nobody was
    own_fields: frozenset[str] = frozenset()  # of persons, that leadpact writes and never judges by
    relinked: set[int] = field(default_factory=set)  # row ids of records that may belong to another lead now


def newest_rows(tx: sqlite3.Connection) -> Newest:
    """Return what is newest now: rows added later have a higher id."""
    object_, change, status, link, bulk_within = tx.execute(
        """
        SELECT (SELECT ifnull(max(id), 0) FROM object), (SELECT ifnull(max(id), 0) FROM field_change),
            (SELECT ifnull(max(id), 0) FROM activity_status),
            (SELECT ifnull(max(id), 0) FROM association), (SELECT bulk_within FROM judged_by)
        """
    ).fetchone()
    return Newest(object=object_, change=change, status=status, link=link, bulk_within=bulk_within)


def mark_page(tx: sqlite3.Connection, words: Vocabulary, news: News, *, why: str) -> None:
    """Mark the persons that a page changed: themselves, what they are linked to, or the links.

    Also persons whose own row is yet to come: what is to happen later is told once. Also those of whose activities look-alikes came
    or went, for that can make them bulk. As long as no lead was judged, the first
    judgement is of all of them: only what it will not see yet is marked.
    """
    before = news.before
    after = -1 if before.bulk_within is not None else news.seen_at - CLOCKS_DIFFER
    given = {
        "crm": words.crm,
        "persons": as_json(words.persons),
        "objects": as_json(one for one in news.objects.items() if one[1] > after),
        "after": after,
        "alike": as_json(map(tuple, windows(news.alike, before.bulk_within)) if before.bulk_within is not None else ()),
        "unlinked": as_json(news.unlinked),
        "change": before.change,
        "status": before.status,
        "link": before.link,
    }
    _mark(tx, _CHANGED, given, why=why)


def mark_owners(tx: sqlite3.Connection, words: Vocabulary, owners: Collection[str], *, since: int) -> None:
    """Mark the persons that any of `owners` ever owned, or logged an activity of."""
    if owners:
        given = {"crm": words.crm, "persons": as_json(words.persons), "owner": words.owner, "owners": as_json(owners), "since": since}
        _mark(tx, _OWNED, given, why="owner")


def mark_unknown(tx: sqlite3.Connection) -> None:
    """Mark the leads about which something is unknown: a stream was read for the first time, and may tell it."""
    _mark(tx, _UNKNOWN, {}, why="unknown")


def mark_all(tx: sqlite3.Connection, vocabularies: Iterable[Vocabulary], *, why: str) -> None:
    """Mark every lead."""
    for words in vocabularies:
        _mark(tx, _EVERY, {"crm": words.crm, "persons": as_json(words.persons)}, why=why)


def mark_named(tx: sqlite3.Connection, leads: Iterable[int], *, since: int, why: str) -> None:
    """Mark the leads with these row ids."""
    _mark(tx, _NAMED, {"leads": as_json(leads), "since": since}, why=why)


def _mark(tx: sqlite3.Connection, leads: str, given: Mapping[str, object], *, why: str) -> None:
    """Mark what `leads` selects, all by one number."""
    marked = tx.execute(MARK.format(leads=leads), {**given, "why": why})
    if marked.rowcount:
        tx.execute("UPDATE judged_by SET mark = mark + 1")


_PERSONS = "(SELECT value FROM json_each(:persons))"
_LEAD = "ifnull((SELECT member.lead FROM member WHERE member.person = object.id AND member.unlinked_at IS NULL), object.id)"
"""The lead to which the person `object` belongs now."""

_CHANGED = f"""
    WITH news (id, at) AS (
        SELECT value ->> 0, value ->> 1 FROM json_each(:objects)
        UNION ALL SELECT record, at FROM field_change WHERE id > :change AND at > :after
        UNION ALL SELECT activity, at FROM activity_status WHERE id > :status AND at > :after
        UNION ALL SELECT other.id, one.value ->> 3 FROM json_each(:alike) AS one CROSS JOIN activity AS other
            ON other.alike = one.value ->> 0 AND other.logged_at BETWEEN one.value ->> 1 AND one.value ->> 2
    ),
    changed (id, kind, at) AS MATERIALIZED (
        SELECT object.id, object.kind, max(news.at) FROM news CROSS JOIN object ON object.id = news.id GROUP BY object.id
    ),
    links (low, high, at) AS (
        SELECT low, high, ifnull(linked_at, 0) FROM association WHERE id > :link AND ifnull(linked_at, 0) > :after
        UNION ALL SELECT low, high, unlinked_at FROM association
            WHERE id IN (SELECT value FROM json_each(:unlinked)) AND unlinked_at > :after
    ),
    touched (id, at) AS (
        SELECT id, at FROM changed WHERE kind IN {_PERSONS}
        UNION ALL SELECT link.low, at FROM changed CROSS JOIN association AS link ON link.high = changed.id WHERE kind NOT IN {_PERSONS}
        UNION ALL SELECT link.high, at FROM changed CROSS JOIN association AS link ON link.low = changed.id WHERE kind NOT IN {_PERSONS}
        UNION ALL SELECT low, at FROM links
        UNION ALL SELECT high, at FROM links
    )
    SELECT {_LEAD}, max(touched.at), :why, (SELECT mark + 1 FROM judged_by)
    FROM touched CROSS JOIN object ON object.id = touched.id
    WHERE object.crm = :crm AND object.kind IN {_PERSONS} GROUP BY 1
"""

_OWNED = f"""
    WITH touched (id) AS (
        SELECT record FROM field_change WHERE field = :owner AND value IN (SELECT value FROM json_each(:owners))
        UNION SELECT link.low FROM activity CROSS JOIN association AS link ON link.high = activity.id
            WHERE activity.owner IN (SELECT value FROM json_each(:owners))
        UNION SELECT link.high FROM activity CROSS JOIN association AS link ON link.low = activity.id
            WHERE activity.owner IN (SELECT value FROM json_each(:owners))
    )
    SELECT DISTINCT {_LEAD}, :since, :why, (SELECT mark + 1 FROM judged_by)
    FROM touched CROSS JOIN object ON object.id = touched.id CROSS JOIN record ON record.id = object.id
    WHERE object.crm = :crm AND object.kind IN {_PERSONS}
"""

_EVERY = f"""
    SELECT DISTINCT {_LEAD}, 0, :why, (SELECT mark + 1 FROM judged_by) FROM object CROSS JOIN record ON record.id = object.id
    WHERE object.crm = :crm AND object.kind IN {_PERSONS}
"""

_NAMED = "SELECT value, :since, :why, (SELECT mark + 1 FROM judged_by) FROM json_each(:leads) WHERE true"

_UNKNOWN = """
    SELECT DISTINCT finding.lead, 0, :why, (SELECT mark + 1 FROM judged_by)
    FROM finding CROSS JOIN finding_version AS version ON version.id = finding.version
    WHERE finding.withdrawn = 0 AND version.status = 'unknown'
"""
