"""Lists and campaigns that persons are put on: each is written like a field of theirs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from connectors.changes import Change
from connectors.records import FieldDefinition

LIST, CAMPAIGN = "list:", "campaign:"  # before the id: the name of the field
MEMBER = "member"  # what the field of those who are on it holds; of the others it holds nothing
_ALIKE = 3  # names that come closest to one that nothing has


def is_membership(field: str) -> bool:
    """Whether a field of a person is a list or campaign that they may be on."""
    return field.startswith((LIST, CAMPAIGN))


def id_of(field: str) -> str:
    """Give the id of a list or campaign, as the CRM writes it."""
    return field.partition(":")[2]


def apart(change: Change) -> tuple[Change | None, tuple[Change, ...]]:
    """Split a change into the one of the record's own fields, if there is any, and one for each list or campaign.

    Who is put on one is no change of the record: it depends on no moment.
    """
    own = {name: value for name, value in change.values.items() if not is_membership(name)}
    joins = tuple(Change(record=change.record, values={name: value}) for name, value in change.values.items() if is_membership(name))
    return (replace(change, values=own) if own else None), joins


def sort_apart(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Sort changes as `apart` leaves them: those of records, and those of lists and campaigns."""
    joins = [change for change in changes if _is_join(change)]
    return [change for change in changes if not _is_join(change)], joins


def _is_join(change: Change) -> bool:
    return any(map(is_membership, change.values))


def cut_by_list(changes: Iterable[Change], *, most: int) -> Iterator[tuple[Change, ...]]:
    """Yield batches of at most `most` changes of one list or campaign each, all of which join it or all leave it."""
    sorts: dict[tuple[str, str | None], list[Change]] = {}
    for change in changes:
        ((field, value),) = change.values.items()
        sorts.setdefault((field, value), []).append(change)
    for alike in sorts.values():
        for start in range(0, len(alike), most):
            yield tuple(alike[start : start + most])


def what_is_joined(batch: Sequence[Change]) -> tuple[str, bool] | None:
    """Give the field of a batch of `cut_by_list`, and whether it is joined rather than left; None for a batch of another sort."""
    if not batch or not _is_join(batch[0]):
        return None
    ((field, value),) = batch[0].values.items()
    return field, value is not None


def wanted_or_alike(wanted: str, known: Sequence[FieldDefinition]) -> list[FieldDefinition]:
    """Return those of `known` that are called `wanted`, or have that id; else the few whose names come closest."""
    named = wanted.casefold()
    found = [one for one in known if named in (one.label.casefold(), id_of(one.name).casefold())]
    if found:
        return found
    by_name = {one.label.casefold(): one for one in known}
    return [by_name[name] for name in get_close_matches(named, by_name, n=_ALIKE, cutoff=0.6)]
