"""The object types of a portal and how they may be associated. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One object type, under every name a path may give it.

    Source: HubSpot's guide "Understanding the CRM" (type ids) and the guide of each object.
    """

    plural: str
    singular: str
    type_id: str
    created: str  # property with the moment of creation
    modified: str  # property with the moment of the last change
    shown: tuple[str, ...] = ()  # properties of an answer to a request that names none, beside `always`
    searched: tuple[str, ...] = ()  # properties that a search's `query` looks through
    lists_archived: bool = True

    @property
    def always(self) -> tuple[str, ...]:
        """The properties that stand in every answer, asked for or not."""
        return (self.created, self.modified, "hs_object_id")


def _activity(plural: str, type_id: str, *searched: str, lists_archived: bool = True) -> Kind:
    return Kind(
        plural=plural,
        singular=plural.removesuffix("s"),
        type_id=type_id,
        created="hs_createdate",
        modified="hs_lastmodifieddate",
        searched=searched,
        lists_archived=lists_archived,
    )


KINDS = {
    kind.plural: kind
    for kind in (
        Kind(
            plural="contacts",
            singular="contact",
            type_id="0-1",
            created="createdate",
            modified="lastmodifieddate",
            shown=("email", "firstname", "lastname"),
            searched=("firstname", "lastname", "email", "phone", "company"),
        ),
        Kind(
            plural="companies",
            singular="company",
            type_id="0-2",
            created="createdate",
            modified="hs_lastmodifieddate",
            shown=("domain", "name"),
            searched=("name", "domain", "website", "phone"),
        ),
        Kind(
            plural="deals",
            singular="deal",
            type_id="0-3",
            created="createdate",
            modified="hs_lastmodifieddate",
            shown=("amount", "closedate", "dealname", "dealstage", "pipeline"),
            searched=("dealname", "pipeline", "dealstage", "description", "dealtype"),
        ),
        Kind(
            plural="tickets",
            singular="ticket",
            type_id="0-5",
            created="createdate",
            modified="hs_lastmodifieddate",
            shown=("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority", "subject"),
            searched=("subject", "content"),
        ),
        _activity("leads", "0-136", "hs_lead_name"),
        _activity("calls", "0-48", "hs_call_title", "hs_call_body"),
        _activity("emails", "0-49", "hs_email_subject"),
        _activity("meetings", "0-47", "hs_meeting_title", "hs_meeting_body", lists_archived=False),
        _activity("communications", "0-18", "hs_communication_body", lists_archived=False),
        _activity("tasks", "0-27", "hs_task_subject", "hs_task_body"),
        _activity("notes", "0-46", "hs_note_body"),
    )
}
ACTIVITIES = ("calls", "emails", "meetings", "communications", "tasks", "notes")
_BY_NAME = {name: kind for kind in KINDS.values() for name in (kind.plural, kind.singular, kind.type_id)}


def kind_named(text: str) -> Kind | None:
    """The kind that a path means by `text`: plural, singular or type id, in any case; None if unknown."""
    return _BY_NAME.get(text.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationType:
    """A directed association type that HubSpot defines."""

    id: int
    source: str  # kind it goes from
    target: str
    label: str | None = None  # "Primary", or None for the unlabelled type that every pair has
    name: str = ""  # what inline associations call it: contact_to_company


# (from, to, unlabelled there, unlabelled back, primary there, primary back); 0: no such type.
# Source: HubSpot's associations guide, table of type ids.
_PAIRS = (
    ("contact", "company", 279, 280, 1, 2),
    ("deal", "contact", 3, 4, 0, 0),
    ("deal", "company", 341, 342, 5, 6),
    ("contact", "ticket", 15, 16, 0, 0),
    ("ticket", "company", 339, 340, 26, 25),
    ("deal", "ticket", 27, 28, 0, 0),
    ("lead", "contact", 608, 609, 578, 0),
    ("lead", "company", 610, 611, 580, 0),
    ("contact", "communication", 82, 81, 0, 0),
    ("company", "communication", 88, 87, 0, 0),
    ("deal", "communication", 86, 85, 0, 0),
    ("ticket", "communication", 84, 83, 0, 0),
    ("lead", "communication", 602, 603, 0, 0),
    ("contact", "call", 193, 194, 0, 0),
    ("company", "call", 181, 182, 0, 0),
    ("deal", "call", 205, 206, 0, 0),
    ("ticket", "call", 219, 220, 0, 0),
    ("lead", "call", 596, 597, 0, 0),
    ("contact", "email", 197, 198, 0, 0),
    ("company", "email", 185, 186, 0, 0),
    ("deal", "email", 209, 210, 0, 0),
    ("ticket", "email", 223, 224, 0, 0),
    ("lead", "email", 598, 599, 0, 0),
    ("contact", "meeting", 199, 200, 0, 0),
    ("company", "meeting", 187, 188, 0, 0),
    ("deal", "meeting", 211, 212, 0, 0),
    ("ticket", "meeting", 225, 226, 0, 0),
    ("lead", "meeting", 600, 601, 0, 0),
    ("contact", "note", 201, 202, 0, 0),
    ("company", "note", 189, 190, 0, 0),
    ("deal", "note", 213, 214, 0, 0),
    ("ticket", "note", 227, 228, 0, 0),
    ("lead", "note", 854, 855, 0, 0),
    ("contact", "task", 203, 204, 0, 0),
    ("company", "task", 191, 192, 0, 0),
    ("deal", "task", 215, 216, 0, 0),
    ("ticket", "task", 229, 230, 0, 0),
    ("lead", "task", 646, 647, 0, 0),
)


def _association_types() -> list[AssociationType]:
    types = []
    for left, right, there, back, primary_there, primary_back in _PAIRS:
        for source, target, plain, primary in ((left, right, there, primary_there), (right, left, back, primary_back)):
            name = f"{source}_to_{target}"
            plural = {"source": _BY_NAME[source].plural, "target": _BY_NAME[target].plural}
            if primary:
                types.append(AssociationType(id=primary, label="Primary", name=name, **plural))
                name += "_unlabeled"
            types.append(AssociationType(id=plain, name=name, **plural))
    return types


ASSOCIATION_TYPES = {kind.id: kind for kind in _association_types()}


def association_type(spec: object) -> AssociationType | None:
    """The type that `{"associationTypeId": 279}` names; None for anything else."""
    id_ = spec.get("associationTypeId") if isinstance(spec, dict) else None
    return ASSOCIATION_TYPES.get(id_) if isinstance(id_, int) and not isinstance(id_, bool) else None


PLAIN = {(t.source, t.target): t for t in ASSOCIATION_TYPES.values() if t.label is None}
PRIMARY = {(t.source, t.target): t for t in ASSOCIATION_TYPES.values() if t.label == "Primary"}
# What inline associations call a pair, by its kinds and whether it is the primary one.
TYPE_NAMES = {
    pair: {False: (plain.name,), True: (PRIMARY[pair].name, plain.name) if pair in PRIMARY else (plain.name,)}
    for pair, plain in PLAIN.items()
}
ONE_PRIMARY = frozenset((_BY_NAME[left].plural, _BY_NAME[right].plural) for left, right, _, _, there, _ in _PAIRS if there)
