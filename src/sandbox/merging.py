"""Merging two records of a kind: the survivor takes over what the other held, and the other's id leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import computed
from sandbox.clock import as_millis
from sandbox.kinds import KINDS
from sandbox.links import link, set_plain
from sandbox.record import Record
from sandbox.refusals import Refusal

if TYPE_CHECKING:
    from sandbox.portal import Portal

MERGEABLE = ("contacts", "companies", "deals", "tickets")
MOST = 250  # merges into one record. Source: crm-facts, HubSpot, section 6.4
_MERGED = "hs_merged_object_ids"
_MERGED_WITH_TIMES = "hs_calculated_merged_vids"
_FURTHER_EMAILS = "hs_additional_emails"


def merge(portal: Portal, kind: str, survivor: Record, merged_away: Record) -> Record:
    """Merge `merged_away` into `survivor`, both live and two, and return what both ids lead to from now on.

    The survivor keeps its values and takes over those that it lacks, the life-cycle stage that is further on, and
    all associations; its own primary company stays that. What is associated with it counts as unchanged. It keeps
    its id too, unless the portal is set to make a new record of every merge: then both ids lead to that one.

    Raises Refusal, and changes nothing, if that were more merges than a record can have.
    Source: HubSpot's knowledge base, "Merge records", and its changelog, "Updated merge functionality for contacts
    and companies"; the new id: crm-facts, HubSpot, section 6.4.
    """
    _refuse_if_too_many(survivor, merged_away)
    changes = _taken_over(portal, kind, survivor, merged_away)
    moved = _take_out(portal, kind, merged_away)
    portal.collections[kind].lead(merged_away.id, survivor)
    for end in moved:
        link(portal, (kind, survivor.id), end)
    _settle(portal, kind, survivor, changes, moved)
    return _renewed(portal, kind, survivor) if portal.merges_make_new_records else survivor


def _refuse_if_too_many(survivor: Record, merged_away: Record) -> None:
    merges = 1 + sum(len(_ids(each.value(_MERGED))) for each in (survivor, merged_away))
    if merges > MOST:
        raise Refusal(f"A record can take part in at most {MOST} merges; these would have {merges}.")


def _take_out(portal: Portal, kind: str, record: Record) -> list[tuple[str, int]]:
    """Take a live record out with its associations; return the other ends, by kind and id."""
    ends = [(other_kind, id_) for other_kind, ids in record.links.items() for id_ in ids]
    portal.remove(kind, record)
    return ends


def _settle(portal: Portal, kind: str, survivor: Record, changes: dict[str, str], moved: list[tuple[str, int]]) -> None:
    """Give the survivor its new values, with a version each, and let it and its new ends follow."""
    now = portal.clock.text()
    portal.changing(kind, survivor)
    stamps = computed.stamps(portal, kind, survivor.value("lifecyclestage"), changes, now)
    portal.collections[kind].put(survivor, {**changes, **stamps})
    for name, value in {**changes, **stamps}.items():
        survivor.remember(name, {"value": value, "timestamp": now, "sourceType": "CALCULATED"})
    computed.touch(kind, survivor, now)
    computed.settle(portal, kind, survivor, {*changes, *(other_kind for other_kind, _ in moved)})
    for other_kind, id_ in moved:
        computed.settle(portal, other_kind, portal.record(other_kind, id_), {kind})


def _taken_over(portal: Portal, kind: str, survivor: Record, merged_away: Record) -> dict[str, str]:
    """Return the values that the survivor gets."""
    known = portal.definitions[kind]
    found = {
        name: value
        for name, value in merged_away.properties.items()
        if value and not known[name].read_only and not known[name].calculated and not survivor.value(name)
    }
    if stage := _furthest_stage(portal, kind, survivor, merged_away):
        found["lifecyclestage"] = stage
    found[_MERGED] = _joined(survivor.value(_MERGED), str(merged_away.id), merged_away.value(_MERGED))
    if _MERGED_WITH_TIMES in known:
        told = f"{merged_away.id}:{as_millis(portal.clock.text())}"
        found[_MERGED_WITH_TIMES] = _joined(survivor.value(_MERGED_WITH_TIMES), told, merged_away.value(_MERGED_WITH_TIMES))
    if kind == "contacts" and (email := merged_away.value("email")) and "email" not in found:
        found[_FURTHER_EMAILS] = _joined(survivor.value(_FURTHER_EMAILS), email, merged_away.value(_FURTHER_EMAILS))
    return found


def _furthest_stage(portal: Portal, kind: str, survivor: Record, merged_away: Record) -> str | None:
    """The life-cycle stage that lies further on, if that is not the survivor's own."""
    if (definition := portal.definitions[kind].get("lifecyclestage")) is None:
        return None
    order = {option.value: option.order for option in definition.options}
    stages = [stage for one in (survivor, merged_away) if (stage := one.value("lifecyclestage"))]
    furthest = max(stages, key=lambda stage: order.get(stage, -1), default=None)
    return furthest if furthest != survivor.value("lifecyclestage") else None


def _renewed(portal: Portal, kind: str, survivor: Record) -> Record:
    """Put a new record in the place of the survivor, with all that it has and an id of its own."""
    collection = portal.collections[kind]
    primary = {(other_kind, id_): is_primary for other_kind, ids in survivor.links.items() for id_, is_primary in ids.items()}
    id_, merged = collection.next_id(), _joined(str(survivor.id), survivor.value(_MERGED))
    values = {**survivor.properties, "hs_object_id": str(id_), _MERGED: merged}
    record = Record(id=id_, properties=values, history=survivor.history)
    record.remember(_MERGED, {"value": merged, "timestamp": record.properties[KINDS[kind].modified], "sourceType": "CALCULATED"})
    ends = _take_out(portal, kind, survivor)
    portal.add(kind, record)
    collection.lead(survivor.id, record)
    for end in ends:
        if primary[end]:
            link(portal, (kind, id_), end, primary=True)
        else:
            set_plain(portal, (kind, id_), end)
    return record


def _ids(text: str | None) -> list[str]:
    return text.split(";") if text else []


def _joined(*parts: str | None) -> str:
    return ";".join(part for part in parts if part)
