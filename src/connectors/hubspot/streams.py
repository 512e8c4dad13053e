"""The streams of objects: what is asked of each, and what each is linked to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from connectors.hubspot import activities
from connectors.hubspot.mapping import HAND_RAISE_AT, HAND_RAISE_FORM, LIFECYCLE_STAGE, MERGED_IDS, VOCABULARY
from connectors.records import Wanted

PLURALS: Mapping[str, str] = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "call": "calls",
    "email": "emails",
    "meeting": "meetings",
    "communication": "communications",
    "task": "tasks",
    "note": "notes",
}
_LINKED: Mapping[str, str] = {"contact": "company", "deal": "contact"}  # an activity is linked to its contacts
_FIXED: Mapping[str, tuple[str, ...]] = {  # what the vocabulary needs, whatever the agreement says
    "contact": (
        VOCABULARY.owner,
        VOCABULARY.email,
        HAND_RAISE_AT,
        HAND_RAISE_FORM,
        MERGED_IDS,
    ),
    "company": (MERGED_IDS,),
    "deal": (VOCABULARY.deal_stage, "pipeline", VOCABULARY.deal_closed, "hs_is_closed_won", "closedate", VOCABULARY.owner, MERGED_IDS),
}

_FIXED_HISTORY: Mapping[str, tuple[str, ...]] = {
    "contact": (VOCABULARY.owner, HAND_RAISE_AT, HAND_RAISE_FORM, LIFECYCLE_STAGE, MERGED_IDS),
    "deal": (VOCABULARY.deal_stage, VOCABULARY.deal_closed),
}
_NO_BIN = frozenset({"meeting", "communication"})  # archived=true is a 400 for them (crm-facts, HubSpot, section 11.12)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStream:
    """One stream of objects of one kind."""

    name: str  # the plural, as in HubSpot's paths
    kind: str
    fields: tuple[str, ...]  # properties to read, in order
    history: tuple[str, ...]  # of which the history is read as well

    @property
    def is_activity(self) -> bool:
        """Whether its objects are activities rather than records."""
        return self.kind in activities.SHAPES

    @property
    def linked_kind(self) -> str | None:
        """The kind to which its objects' associations are read."""
        return "contact" if self.is_activity else _LINKED.get(self.kind)

    @property
    def modified(self) -> str:
        """The property that holds the time of the last change (crm-facts, HubSpot, section 3)."""
        return "lastmodifieddate" if self.kind == "contact" else "hs_lastmodifieddate"

    @property
    def created(self) -> str:
        """The property that holds the time of creation (crm-facts, HubSpot, section 3)."""
        return "hs_createdate" if self.is_activity else "createdate"

    @property
    def has_bin(self) -> bool:
        """Whether HubSpot lists its archived objects."""
        return self.kind not in _NO_BIN

    def asked(self) -> str:
        """Hash what is read of each object, to notice when the agreement asks for more."""
        return blake2b(repr((self.fields, self.history)).encode(), digest_size=6).hexdigest()


def object_streams(wanted: Wanted) -> dict[str, ObjectStream]:
    """Give all streams of objects by name, in the order in which they should be pulled."""
    return {plural: _stream(kind, plural, wanted) for kind, plural in PLURALS.items()}


def _stream(kind: str, plural: str, wanted: Wanted) -> ObjectStream:
    if kind in activities.SHAPES:
        return ObjectStream(name=plural, kind=kind, fields=activities.properties_of(kind), history=activities.history_of(kind))
    history = {*_FIXED_HISTORY.get(kind, ()), *wanted.history.get(kind, ())}
    fields = {*_FIXED[kind], *wanted.fields.get(kind, ()), *history}
    return ObjectStream(name=plural, kind=kind, fields=tuple(sorted(fields)), history=tuple(sorted(history)))
