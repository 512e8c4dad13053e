"""Associations between records: kept on both sides, with at most one primary company (or contact)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.kinds import ONE_PRIMARY, PLAIN, PRIMARY, AssociationType
from sandbox.record import Record

if TYPE_CHECKING:
    from sandbox.portal import Portal

End = tuple[str, int]  # kind and id of one end


def link(portal: Portal, source: End, target: End, *, primary: bool = False) -> None:
    """Associate two live or archived records; nothing changes if they are already.

    The first company of a contact, deal or ticket (and the first contact or company of a lead) is
    its primary one; `primary` makes `target` that, in the place of another.
    """
    (kind, id_), (other_kind, other_id) = source, target
    links = portal.record(kind, id_).links.get(other_kind, {})
    if (other_kind, kind) in ONE_PRIMARY and (kind, other_kind) not in ONE_PRIMARY:
        link(portal, target, source, primary=primary)
        return
    if (kind, other_kind) in ONE_PRIMARY and (primary or not links):
        for former in [id_ for id_, is_primary in links.items() if is_primary]:
            _set(portal, source, (other_kind, former), primary=False)
        primary = True
    elif other_id in links:
        return
    _set(portal, source, target, primary=primary)


def set_plain(portal: Portal, source: End, target: End) -> None:
    """Associate two records and take the primary label from the pair if it had it."""
    link(portal, source, target)
    _set(portal, source, target, primary=False)


def unlink(portal: Portal, source: End, target: End) -> bool:
    """Take the association between two records away; False if there was none."""
    (kind, id_), (other_kind, other_id) = source, target
    if id_ not in portal.collections[kind] or other_id not in portal.record(kind, id_).links.get(other_kind, {}):
        return False
    for (here, record_id), (there, gone) in ((source, target), (target, source)):
        record = portal.record(here, record_id)
        portal.changing(here, record)
        del record.links[there][gone]
    return True


def linked_live(portal: Portal, record: Record, kind: str) -> list[int]:
    """Ids of the live records of `kind` that `record` is associated with, ascending."""
    archived = portal.collections[kind].archived
    return sorted(id_ for id_ in record.links.get(kind, ()) if id_ not in archived)


def types_between(portal: Portal, source: End, target: End) -> list[AssociationType]:
    """The types a pair has, seen from `source`: the unlabelled one, then the primary one if it is that."""
    pair = (source[0], target[0])
    is_primary = portal.record(*source).links[target[0]][target[1]]
    return [PLAIN[pair], PRIMARY[pair]] if is_primary and pair in PRIMARY else [PLAIN[pair]]


def _set(portal: Portal, source: End, target: End, *, primary: bool) -> None:
    for (kind, id_), (other_kind, other_id) in ((source, target), (target, source)):
        record = portal.record(kind, id_)
        portal.changing(kind, record)
        record.links.setdefault(other_kind, {})[other_id] = primary
