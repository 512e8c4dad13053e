"""Valid records, pages and findings in a line each, for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.records import (
    Activity,
    ActivityKind,
    ActivityStatus,
    FieldChange,
    Link,
    Owner,
    Page,
    Record,
    RecordKey,
    Reference,
    StatusChange,
    Vocabulary,
)
from sync.judge.findings import CycleRef, Evidence, Finding, Judgement, Side, Status
from sync.rows import LeadRows
from sync.store.database import Database
from sync.store.link import Links
from sync.store.mirror import Mirror
from sync.store.rows_read import LeadReader

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

WORDS = Vocabulary(
    crm="hubspot",
    persons=("contact",),
    company="company",
    deal="deal",
    owner="hubspot_owner_id",
    email="email",
    hand_raise_at="recent_conversion_date",
    hand_raise_form="recent_conversion_event_name",
    deal_closed="hs_is_closed",
    deal_stage="dealstage",
    task_body="hs_task_body",
    ladder="lifecyclestage",
    person_streams=("contacts",),
    touch_streams=("calls",),
    context_streams=("companies", "deals"),
)

SF_WORDS = Vocabulary(
    crm="salesforce",
    persons=("Lead", "Contact"),
    company="Account",
    deal="Opportunity",
    owner="OwnerId",
    email="Email",
    hand_raise_at=None,
    hand_raise_form=None,
    deal_closed="IsClosed",
    deal_stage="StageName",
    task_body="Description",
    ladder=None,
    person_streams=("Lead", "Contact"),
    touch_streams=("Task",),
    context_streams=("Account", "Opportunity"),
    references=(Reference("Lead", "ConvertedContactId", "salesforce", "Contact"),),
)
_TO_SALESFORCE = (
    Reference("contact", "salesforceleadid", "salesforce", "Lead", 15),
    Reference("contact", "salesforcecontactid", "salesforce", "Contact", 15),
)
BOTH = {"hubspot": replace(WORDS, references=_TO_SALESFORCE), "salesforce": SF_WORDS}


def a_key(text: str) -> RecordKey:
    """Read `contact/1`, of HubSpot unless another CRM stands before it."""
    return RecordKey.parse(text if text.count("/") == 2 else f"hubspot/{text}")


def a_change(record: str, field: str, value: str | None, at: datetime, **more: Any) -> FieldChange:
    return FieldChange(record=a_key(record), field=field, value=value, at=at, **more)


def a_record(
    key: str,
    values: dict[str, str | None] | None = None,
    *,
    history: dict[str, list[tuple[str | None, datetime]]] | None = None,
    created_at: datetime = NINE,
    changed_at: datetime | None = None,
    archived_at: datetime | None = None,
) -> Record:
    return Record(
        key=a_key(key),
        values=values or {},
        history={name: tuple(a_change(key, name, value, at) for value, at in entries) for name, entries in (history or {}).items()},
        created_at=created_at,
        changed_at=changed_at or created_at,
        archived_at=archived_at,
    )


def an_activity(key: str, at: datetime = NINE, *, status: ActivityStatus | None = ActivityStatus.CONNECTED, **more: Any) -> Activity:
    told: dict[str, Any] = {
        "kind": ActivityKind.CALL,
        "happened_at": at,
        "logged_at": at,
        "changed_at": at,
        "statuses": (StatusChange(status=status, at=at),),
    }
    return Activity(key=a_key(key), **(told | more))


def a_link(left: str, right: str, *, primary: bool = False) -> Link:
    return Link(left=a_key(left), right=a_key(right), primary=primary)


def a_mirror(store: Database) -> Mirror:
    return Mirror(store, {"hubspot": WORDS})


def an_owner(id_: str, *, active: bool = True, **more: Any) -> Owner:
    told: dict[str, Any] = {"crm": "hubspot", "user_id": f"100{id_}", "email": None, "name": f"Owner {id_}", "is_queue": False}
    return Owner(id=id_, active=active, **(told | more))


def save_owners(store: Database, *owners: Owner, seen_at: datetime) -> None:
    """Save a whole list of owners."""
    save(store, stream="owners", owners=owners, seen_at=seen_at)


def a_page(*rows: Record | Activity, stream: str = "contacts", began_at: datetime = NINE, **more: Any) -> Page:
    told: dict[str, Any] = {"cursor": "c1", "last": True}
    return Page(
        stream=stream,
        began_at=began_at,
        records=tuple(row for row in rows if isinstance(row, Record)),
        activities=tuple(row for row in rows if isinstance(row, Activity)),
        **(told | more),
    )


def save(store: Database, *rows: Record | Activity, seen_at: datetime = NINE, **more: Any) -> None:
    a_mirror(store).save_page("hubspot", a_page(*rows, **more), seen_at=seen_at)


def save_in_both(store: Database, *rows: Record | Activity, at: datetime = NINE, shared: Iterable[str] = (), **more: Any) -> None:
    """Save rows of both CRMs, HubSpot's first unless Salesforce's come first, and link the persons."""
    mirror = Mirror(store, BOTH)
    for crm in dict.fromkeys(row.key.crm for row in rows):
        mirror.save_page(crm, a_page(*(row for row in rows if row.key.crm == crm), **more), seen_at=at)
    Links(store, BOTH).renew(now=at, shared=tuple(shared))


def read(
    store: Database, *, upto: datetime | None = None, keys: Iterable[str] | None = None, words: Iterable[Vocabulary] = (WORDS,)
) -> list[LeadRows]:
    return list(LeadReader(store, words).leads(upto=upto, bulk_within=5 * MINUTE, keys=keys))


def changes_of(store: Database) -> list[tuple[str | None, object, object]]:
    (lead,) = read(store)
    return [(change.value, change.at, change.since) for change in lead.changes]


def dump(store: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, to compare whole stores."""
    with store.snapshot() as tx:
        tables = [name for (name,) in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {table: tx.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables}


def a_finding(key: str = "f1", lead: str = "hubspot/contact/1", **more: Any) -> Finding:
    told: dict[str, Any] = {
        "records": (RecordKey.parse(lead),),
        "cycle": CycleRef(handoff="Marketing to SDR", number=1, opened_at=NINE, opened_by="stage MQL", closed_at=None, closed_by=None),
        "rule": "first touch",
        "kind": "clock",
        "status": Status.BREACHED,
        "side": Side.OWNER,
        "owner": "77",
        "started_at": NINE,
        "due_at": NINE + 2 * HOUR,
        "settled_at": None,
        "late_by_s": 60,
        "evidence": (Evidence(at=NINE, what="entered MQL", source=f"{lead}#lifecyclestage"),),
        "message": "no touch, 1 min late",
    }
    return Finding(key=key, lead=lead, **(told | more))


def a_judgement(*findings: Finding, lead: str = "hubspot/contact/1", next_at: datetime | None = None) -> Judgement:
    return Judgement(lead=lead, findings=findings, next_at=next_at)
