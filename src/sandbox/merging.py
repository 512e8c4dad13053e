"""Merging two contacts: the survivor takes over what the other held, and the other's id leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import computed
from sandbox.links import link
from sandbox.record import Record

if TYPE_CHECKING:
    from sandbox.portal import Portal

KIND = "contacts"
_MERGED = "hs_merged_object_ids"
_FURTHER_EMAILS = "hs_additional_emails"


def merge(portal: Portal, survivor: Record, merged_away: Record) -> None:
    """Merge `merged_away` into `survivor`, both live and two; the portal then knows its id as another name of `survivor`.

    The survivor keeps its id and its values and takes over those that it lacks, the life-cycle stage that is further on, and
    all associations; its own primary company stays that. What is associated with it counts as unchanged.

    Source: HubSpot's knowledge base, "Merge records", and its changelog, "Updated merge functionality for contacts and companies".
    """
    portal.collections[KIND].merge(merged_away, survivor)
    moved = _move_links(portal, merged_away, survivor)
    changes = _taken_over(portal, survivor, merged_away)
    now = portal.clock.text()
    stamps = computed.stamps(portal, KIND, survivor.value("lifecyclestage"), changes, now)
    portal.collections[KIND].put(survivor, {**changes, **stamps})
    for name, value in {**changes, **stamps}.items():
        survivor.remember(name, {"value": value, "timestamp": now, "sourceType": "CALCULATED"})
    computed.touch(KIND, survivor, now)
    portal.revision += 1
    computed.settle(portal, KIND, survivor, {*changes, *(kind for kind, _ in moved)})
    for kind, id_ in moved:
        computed.settle(portal, kind, portal.collections[kind].by_id[id_], {KIND})


def _move_links(portal: Portal, merged_away: Record, survivor: Record) -> list[tuple[str, int]]:
    """Associate the survivor with what the other was associated with; return that, by kind and id."""
    ends = [(kind, id_) for kind, ids in merged_away.links.items() for id_ in ids]
    for kind, id_ in ends:
        del portal.collections[kind].by_id[id_].links[KIND][merged_away.id]
        link(portal, (KIND, survivor.id), (kind, id_))
    return ends


def _taken_over(portal: Portal, survivor: Record, merged_away: Record) -> dict[str, str]:
    """Return the values that the survivor gets."""
    known = portal.definitions[KIND]
    found = {
        name: value
        for name, value in merged_away.properties.items()
        if value and not known[name].read_only and not known[name].calculated and not survivor.value(name)
    }
    order = {option.value: option.order for option in known["lifecyclestage"].options}
    stages = [stage for one in (survivor, merged_away) if (stage := one.value("lifecyclestage"))]
    if stages and (furthest := max(stages, key=lambda stage: order.get(stage, -1))) != survivor.value("lifecyclestage"):
        found["lifecyclestage"] = furthest
    found[_MERGED] = _joined(survivor.value(_MERGED), str(merged_away.id), merged_away.value(_MERGED))
    if (email := merged_away.value("email")) and "email" not in found:
        found[_FURTHER_EMAILS] = _joined(survivor.value(_FURTHER_EMAILS), email, merged_away.value(_FURTHER_EMAILS))
    return found


def _joined(*parts: str | None) -> str:
    return ";".join(part for part in parts if part)
