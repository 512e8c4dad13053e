"""What people who work in a CRM call its things, for messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmWords:
    """The words of one CRM."""

    field: str
    has_no: str  # said of a field that is not there, before its name
    create: str  # how a missing field comes to be there
    offers_fields: str  # what `check --create-fields` does about a field of leadpact's own
    hides: bool = False  # whether a field that is there may look as if it were not
    form_keys: tuple[str, ...] = ()  # keys of the config that name the fields of a form; none where the CRM has its own
    history: str | None = None  # where the history of a field is turned on; None where every field has one
    a_list: str  # what persons can be put on
    list_key: str  # under `to` of [recycle]
    list_right: str  # what lets leadpact see them


_WORDS = {
    "hubspot": CrmWords(
        field="property",
        has_no="has no property",
        create="create it in the CRM",
        offers_fields="creates it",
        a_list="list",
        list_key="nurture_list",
        list_right="the scopes crm.lists.read and crm.lists.write",
    ),
    "salesforce": CrmWords(
        field="field",
        has_no="has no field, or shows leadpact's user none, called",
        create="create it in Setup, let field-level security show it to leadpact's user",
        offers_fields="tells an administrator what to add",
        hides=True,
        form_keys=("form_date_field", "form_name_field"),
        history="Setup, Object Manager, {kind}, Fields & Relationships, Set History Tracking",
        a_list="campaign",
        list_key="campaign",
        list_right="read access to Campaign, and create and delete for its members",
    ),
}


def words_of(crm: str) -> CrmWords:
    """Return the words of a CRM that a config can connect."""
    return _WORDS[crm]
