"""Store rows -> terms: what the CRM calls things, who its owners are, how far each stream was read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from connectors.records import FieldDefinition, Owner, Vocabulary
from sync.terms import CrmTerms


def crm_terms(
    vocabulary: Vocabulary, *, definitions: Iterable[FieldDefinition], owners: Iterable[Owner], upto: Mapping[str, datetime]
) -> CrmTerms:
    """Return the terms of one CRM from its field definitions and owners."""
    known = {(definition.kind, definition.name): definition for definition in definitions}
    people = list(owners)
    ladder = known.get((vocabulary.person, vocabulary.ladder or ""))
    stages = known.get((vocabulary.deal, vocabulary.deal_stage))
    return CrmTerms(
        vocabulary=vocabulary,
        ladder={option.value.casefold(): place for place, option in enumerate(sorted(ladder.options, key=lambda o: o.order))}
        if ladder
        else {},
        closed_stages=frozenset(option.value for option in stages.options if option.closed) if stages else frozenset(),
        queues=frozenset(owner.id for owner in people if owner.is_queue),
        teams={owner.id: owner.teams[0] for owner in people if owner.teams},
        names={owner.id: owner.name for owner in people},
        inactive=frozenset(owner.id for owner in people if not owner.active),
        upto=dict(upto),
    )
