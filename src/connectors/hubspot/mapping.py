"""HubSpot's records, owners, definitions and associations, and ours. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.hubspot.values import id_of, moment_of, moment_or_refuse, text_of
from connectors.records import FieldChange, FieldDefinition, Link, Merge, Option, Owner, Record, RecordKey, Reference, Team, Vocabulary

CRM = "hubspot"
LIFECYCLE_STAGE = "lifecyclestage"
HAND_RAISE_AT, HAND_RAISE_FORM = "recent_conversion_date", "recent_conversion_event_name"
MERGED_IDS = "hs_merged_object_ids"  # the only trace of a merged-away record (crm-facts, HubSpot, section 6.4)

VOCABULARY = Vocabulary(
    crm=CRM,
    persons=("contact",),
    company="company",
    deal="deal",
    owner="hubspot_owner_id",
    email="email",
    hand_raise_at=HAND_RAISE_AT,
    hand_raise_form=HAND_RAISE_FORM,
    deal_closed="hs_is_closed",
    deal_stage="dealstage",
    ladder=LIFECYCLE_STAGE,
    person_streams=("contacts",),
    touch_streams=("calls", "emails", "meetings", "communications"),
    context_streams=("companies", "deals"),
    customers=frozenset({"customer", "evangelist"}),
    references=(
        Reference(kind="contact", field="salesforceleadid", to_crm="salesforce", to_kind="Lead", short=15),
        Reference(kind="contact", field="salesforcecontactid", to_crm="salesforce", to_kind="Contact", short=15),
    ),
    opted_out="hs_email_optout",
    status="hs_lead_status",
    by_hand=frozenset({"CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID"}),
)

_PRIMARY_TYPE_IDS = frozenset({1, 5})  # contact to primary company, deal to primary company
_PRIMARY_INLINE_TYPES = frozenset({"contact_to_company", "deal_to_company"})  # without `_unlabeled`


_API = re.compile(r"https://api(-[a-z0-9]+)?\.hubapi\.com/?")
_UI_DOMAIN = re.compile(r"app(-[a-z0-9]+)?\.hubspot\.com")
PERSON_TYPE = "0-1"


def record_pages(portal: str, ui_domain: str | None, *, api: str) -> dict[str, str]:
    """Return where people open a contact: the address up to its id. Empty where it cannot be told safely.

    A practice HubSpot has no such pages: its portal's number is somebody else's.
    Source: `uiDomain` of the account's details, and the `url` that HubSpot sends with each object.
    """
    if not (_API.fullmatch(api) and portal.isascii() and portal.isdigit() and _UI_DOMAIN.fullmatch(ui_domain or "")):
        return {}
    return {VOCABULARY.person: f"https://{ui_domain}/contacts/{portal}/record/{PERSON_TYPE}/"}


def key_of(kind: str, id_: object) -> RecordKey:
    """Name a HubSpot record: `hubspot/contact/101`."""
    return RecordKey(CRM, kind, str(id_))


def record_from_object(kind: str, item: Mapping[str, Any], fields: Iterable[str], with_history: Iterable[str] = ()) -> Record:
    """Read one contact, company or deal of a list, batch or single read.

    `fields` are the properties to keep; one that HubSpot does not define is missing in its answer and is None here.
    `with_history` are those whose history was asked for: each is a key of the record's history, also where none was kept.
    Shape: {"id", "properties": {name: str | None}, "propertiesWithHistory"?: {name: [version]}, "createdAt", "updatedAt",
    "archived"?, "archivedAt"?}. Source: crm-facts, HubSpot, sections 1.1 and 1.2.
    """
    properties: Mapping[str, Any] = item.get("properties") or {}
    key = key_of(kind, id_of(item))
    return Record(
        key=key,
        values={name: text_of(properties.get(name)) for name in fields},
        history=dict.fromkeys(with_history, ()) | dict(histories_of(key, item)),
        created_at=created_at_of(item),
        changed_at=changed_at_of(item),
        archived_at=archived_at_of(item),
    )


def created_at_of(item: Mapping[str, Any]) -> datetime:
    """Give the server's time of creation."""
    properties = item.get("properties") or {}
    return moment_or_refuse(item, "created", item.get("createdAt"), properties.get("createdate"), properties.get("hs_createdate"))


def changed_at_of(item: Mapping[str, Any]) -> datetime:
    """Give the server's time of the last change."""
    properties = item.get("properties") or {}
    modified = properties.get("lastmodifieddate"), properties.get("hs_lastmodifieddate")
    return moment_or_refuse(item, "changed", item.get("updatedAt"), *modified, item.get("createdAt"))


def archived_at_of(item: Mapping[str, Any]) -> datetime | None:
    """Give the time of archiving; None for a live record. An archived one without that time counts from its last change."""
    if not item.get("archived"):
        return None
    return moment_of(item.get("archivedAt")) or changed_at_of(item)


def histories_of(key: RecordKey, item: Mapping[str, Any]) -> Iterator[tuple[str, tuple[FieldChange, ...]]]:
    """Yield each property that came with history, and its versions, oldest first."""
    for name, versions in (item.get("propertiesWithHistory") or {}).items():
        yield name, tuple([_change(key, name, version, at) for version, at in in_order(versions)]) if versions else ()


def in_order(versions: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], datetime]]:
    """Put a property's versions in order, oldest first, each with its time; those without a time are left out.

    HubSpot sends the newest first, so of two with one timestamp the one further back in its answer is the older.
    Source: crm-facts, HubSpot, section 1.2 (the order is not promised, hence the sorting).
    """
    timed = [(version, at) for version in versions if (at := moment_of(version.get("timestamp"))) is not None]
    if len(timed) < 2:
        return timed
    if timed[0][1] >= timed[-1][1]:
        timed.reverse()
    return sorted(timed, key=lambda pair: pair[1])


def _change(key: RecordKey, name: str, version: Mapping[str, Any], at: datetime) -> FieldChange:
    source_id = text_of(version.get("sourceId"))
    return FieldChange(
        record=key,
        field=name,
        value=text_of(version.get("value")),
        at=at,
        source=text_of(version.get("sourceType")),
        source_id=source_id,
        actor=text_of(version.get("updatedByUserId")) or _user_in(source_id),
    )


def _user_in(source_id: str | None) -> str | None:
    """Read `userId:28604240`."""
    prefix, _, user = (source_id or "").partition(":")
    return user if prefix == "userId" and user else None


def merges_of(kind: str, item: Mapping[str, Any]) -> Iterator[Merge]:
    """Yield the records that were merged into this one; each since the first version of the list that names it, if any does.

    Source: crm-facts, HubSpot, section 6.4 (`hs_merged_object_ids`, a list with ";").
    """
    survivor = id_of(item)
    since: dict[str, datetime] = {}
    for version, at in in_order((item.get("propertiesWithHistory") or {}).get(MERGED_IDS) or ()):
        for id_ in _ids_in(version.get("value")):
            since.setdefault(id_, at)
    for id_ in _ids_in((item.get("properties") or {}).get(MERGED_IDS)):
        if id_ != survivor:
            yield Merge(gone=key_of(kind, id_), into=key_of(kind, survivor), at=since.get(id_))


def _ids_in(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id_ for part in (text_of(value) or "").split(";") if (id_ := part.strip())))


def links_from_inline(left: RecordKey, right_kind: str, block: Mapping[str, Any]) -> Iterator[Link]:
    """Read the associations that a list call sends with a record: {"results": [{"id", "type"}]}, one row a label.

    The primary company is the one whose type has no `_unlabeled` behind it; where several look primary none is taken for it.
    """
    primary: dict[str, bool] = {}
    for row in block.get("results") or ():
        id_ = id_of(row)
        primary[id_] = primary.get(id_, False) or row.get("type") in _PRIMARY_INLINE_TYPES
    told = sum(primary.values()) == 1
    for id_, is_primary in primary.items():
        yield Link(left=left, right=key_of(right_kind, id_), primary=is_primary and told)


def links_from_batch(left_kind: str, right_kind: str, results: Iterable[Mapping[str, Any]]) -> Iterator[Link]:
    """Read the results of an association batch read: [{"from": {"id"}, "to": [{"toObjectId", "associationTypes"}]}].

    Source: crm-facts, HubSpot, section 1.3 (`toObjectId` comes as a number or as text).
    """
    for result in results:
        left = key_of(left_kind, id_of(result.get("from") or {}))
        for target in result.get("to") or ():
            types = target.get("associationTypes") or ()
            primary = any(kind.get("typeId") in _PRIMARY_TYPE_IDS for kind in types)
            yield Link(left=left, right=key_of(right_kind, target.get("toObjectId")), primary=primary)


def owner_from(item: Mapping[str, Any]) -> Owner:
    """Read one item of the owners list; an archived owner has only `userIdIncludingInactive`."""
    name = " ".join(part for part in (text_of(item.get("firstName")), text_of(item.get("lastName"))) if part)
    email = text_of(item.get("email"))
    teams = sorted(item.get("teams") or (), key=lambda team: not team.get("primary"))
    return Owner(
        crm=CRM,
        id=id_of(item),
        user_id=text_of(item.get("userId")) or text_of(item.get("userIdIncludingInactive")),
        email=email.lower() if email else None,
        name=name or email or id_of(item),
        is_queue=item.get("type") == "QUEUE",
        active=not item.get("archived"),
        teams=tuple(id_of(team) for team in teams),
    )


def team_from(item: Mapping[str, Any]) -> Team:
    """Read a team, from an owner's `teams` or from the teams list."""
    return Team(crm=CRM, id=id_of(item), name=text_of(item.get("name")) or id_of(item))


def definition_from(kind: str, item: Mapping[str, Any]) -> FieldDefinition:
    """Read one property definition; its options come in display order."""
    name = str(item.get("name") or "")
    options = sorted(enumerate(item.get("options") or ()), key=lambda pair: (_order(pair[1]), pair[0]))
    return FieldDefinition(
        crm=CRM,
        kind=kind,
        name=name,
        label=text_of(item.get("label")) or name,
        type=text_of(item.get("type")) or "string",
        options=tuple(_option(option, order) for order, (_, option) in enumerate(options)),
        read_only=bool((item.get("modificationMetadata") or {}).get("readOnlyValue")),
    )


def stages_of(pipelines: Iterable[Mapping[str, Any]]) -> tuple[Option, ...]:
    """Read the stages of all deal pipelines, in display order, as options of `dealstage`.

    A stage's metadata are strings: {"isClosed": "true", "probability": "1.0"}. Source: crm-facts, HubSpot, section 1.7.
    """
    stages = [stage for pipeline in sorted(pipelines, key=_order) for stage in sorted(pipeline.get("stages") or (), key=_order)]
    return tuple(
        Option(
            value=id_of(stage),
            label=text_of(stage.get("label")) or id_of(stage),
            order=order,
            closed=text_of((stage.get("metadata") or {}).get("isClosed")) == "true",
        )
        for order, stage in enumerate(stages)
    )


def _option(option: Mapping[str, Any], order: int) -> Option:
    value = str(option.get("value") or "")
    return Option(value=value, label=text_of(option.get("label")) or value, order=order)


def _order(item: Mapping[str, Any]) -> int:
    """Give the place in display order; HubSpot's -1 and a missing one come last."""
    order = item.get("displayOrder")
    return order if isinstance(order, int) and order >= 0 else 1_000_000
