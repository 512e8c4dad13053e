"""Builders for tests: a valid value in a line, with only what the test is about spelled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import Activity, ActivityKind, ActivityStatus, Direction, FieldChange, Record, RecordKey, StatusChange
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.judge.findings import Finding, Judgement, Status
from sync.judge.judge import judge_lead
from sync.roster import Roster
from sync.rows import LeadRows
from sync.terms import AgreementSpan, CrmTerms, Terms

CRM = "hubspot"
LEAD = RecordKey(CRM, "contact", "1")
BORN = datetime(2026, 9, 1, tzinfo=UTC)
ANN, BEN = "11", "12"
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other")
NEW_YORK = ZoneInfo("America/New_York")


def ny(text: str) -> datetime:
    """Read a New York wall time, `2026-11-18 10:00`, with seconds if given."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@cache
def the_agreement() -> Agreement:
    """Return the shipped example agreement."""
    path = Path(__file__).parents[1] / "agreement.example.toml"
    return agreement_of(path.read_text(encoding="utf-8"), file=path.name)


def set_to(
    field: str,
    value: str | None,
    when: datetime,
    *,
    record: RecordKey = LEAD,
    since: datetime | None = None,
    source: str = "AUTOMATION_PLATFORM",
) -> FieldChange:
    """A field of the lead took a value, by a workflow unless said otherwise; with `since` the change was only observed."""
    return FieldChange(record=record, field=field, value=value, at=when, since=since, source=source)


def mql(when: datetime) -> FieldChange:
    """The lead became an MQL."""
    return set_to("lifecyclestage", "marketingqualifiedlead", when)


def owned_by(owner: str | None, when: datetime) -> FieldChange:
    """The lead got an owner."""
    return set_to("hubspot_owner_id", owner, when)


def status(value: str | None, when: datetime) -> FieldChange:
    """The lead status was set: IN_PROGRESS (SAL), UNQUALIFIED, RECYCLED, ..."""
    return set_to("hs_lead_status", value, when)


def raised(form: str, when: datetime) -> list[FieldChange]:
    """The person submitted a form; HubSpot writes its name a moment after its date."""
    name = set_to("recent_conversion_event_name", form, when + timedelta(seconds=2))
    return [set_to("recent_conversion_date", when.isoformat(), when), name]


def an_activity(
    kind: ActivityKind,
    when: datetime,
    *,
    id: str = "900",
    owner: str | None = ANN,
    outcome: ActivityStatus | None = None,
    logged: datetime | None = None,
    direction: Direction | None = Direction.OUT,
    seconds: float | None = None,
    ends: datetime | None = None,
) -> Activity:
    """An activity, logged when it happened unless said otherwise."""
    logged_at = logged or when
    return Activity(
        key=RecordKey(CRM, kind.value, id),
        kind=kind,
        happened_at=when,
        logged_at=logged_at,
        changed_at=logged_at,
        ends_at=ends,
        owner=owner,
        direction=direction,
        statuses=(StatusChange(status=outcome, at=logged_at),),
        duration_s=seconds,
        source="CRM_UI",
    )


def a_call(when: datetime, outcome: ActivityStatus | None = ActivityStatus.NO_ANSWER, **more: object) -> Activity:
    """A call by Ann, unanswered unless said otherwise."""
    return an_activity(ActivityKind.CALL, when, outcome=outcome, **more)  # type: ignore[arg-type]


def a_mail(when: datetime, outcome: ActivityStatus = ActivityStatus.SENT, **more: object) -> Activity:
    """A mail by Ann from her mailbox."""
    return an_activity(ActivityKind.EMAIL, when, outcome=outcome, **more)  # type: ignore[arg-type]


def a_meeting(
    start: datetime, *, booked: datetime, outcome: ActivityStatus = ActivityStatus.BOOKED, minutes: int = 30, **more: object
) -> Activity:
    """A meeting of half an hour with Ann."""
    ends = start + timedelta(minutes=minutes)
    return an_activity(ActivityKind.MEETING, start, logged=booked, ends=ends, outcome=outcome, direction=None, **more)  # type: ignore[arg-type]


def the_rows(
    changes: Sequence[FieldChange],
    activities: Sequence[Activity] = (),
    *,
    alike: Mapping[RecordKey, int] | None = None,
    company: Record | None = None,
) -> LeadRows:
    """Mirror rows of one contact whose values are its newest changes."""
    values = {change.field: change.value for change in sorted(changes, key=lambda c: c.at) if change.record == LEAD}
    person = Record(key=LEAD, values=values, created_at=BORN, changed_at=BORN)
    return LeadRows(
        lead=str(LEAD),
        people=(person,),
        company=company,
        deals=(),
        changes=tuple(changes),
        activities=tuple(activities),
        alike=alike or {},
        gone_at={},
    )


def the_terms(*, upto: datetime, roster: Roster | None = None, agreement: Agreement | None = None) -> Terms:
    """Terms with Ann and Ben, every stream read up to `upto`."""
    streams = (VOCABULARY.person_stream, *VOCABULARY.context_streams, *VOCABULARY.touch_streams)
    crm = CrmTerms(
        vocabulary=VOCABULARY,
        ladder={stage: place for place, stage in enumerate(STAGES)},
        queues=frozenset({"91"}),
        upto=dict.fromkeys(streams, upto),
    )
    span = AgreementSpan(agreement=agreement or the_agreement(), since=None, until=None)
    return Terms(
        spans=(span,), roster=roster or Roster(placeholders={CRM: frozenset({"90"})}), crms={CRM: crm}, settle=timedelta(minutes=30)
    )


def judgement(changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, now: datetime) -> Judgement:
    """Judge one lead by the example agreement."""
    return judge_lead(the_rows(changes, activities), the_terms(upto=now), now)


def status_in(rows: LeadRows, terms: Terms, *, now: datetime, rule: str = "first_touch") -> Status:
    """Judge one lead by other terms and return the status of its only finding of `rule`."""
    (finding,) = [f for f in judge_lead(rows, terms, now).findings if f.rule == rule]
    return finding.status


def judged(changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, now: datetime, rule: str) -> Finding:
    """Judge one lead and return its only finding of `rule`."""
    (finding,) = [f for f in judgement(changes, activities, now=now).findings if f.rule == rule]
    return finding


def without_stream(terms: Terms, stream: str) -> Terms:
    """Return `terms` in which one stream was never read."""
    crm = terms.crms[CRM]
    return replace(terms, crms={CRM: replace(crm, upto={name: at for name, at in crm.upto.items() if name != stream})})
