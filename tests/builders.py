"""Builders for tests: a valid value in a line, with only what the test is about spelled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.hubspot.mapping import VOCABULARY
from connectors.records import (
    Activity,
    ActivityKind,
    ActivityStatus,
    Direction,
    FieldChange,
    FieldDefinition,
    Record,
    RecordKey,
    StatusChange,
)
from connectors.salesforce.mapping import VOCABULARY as SF_VOCABULARY
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.authority import Authority
from sync.judge.findings import CycleRef, Finding, Judgement, Side, Status
from sync.judge.judge import judge_lead
from sync.roster import Absence, Member, Person, Roster
from sync.rows import LeadRows
from sync.terms import AgreementSpan, CrmTerms, Terms

CRM = "hubspot"
LEAD = RecordKey(CRM, "contact", "1")
COMPANY = RecordKey(CRM, "company", "7")
DEAL = RecordKey(CRM, "deal", "5")
BORN = datetime(2026, 9, 1, tzinfo=UTC)
ANN, BEN = "11", "12"
SF = "salesforce"
SF_LEAD = RecordKey(SF, "Lead", "00Q1")
SF_CONTACT = RecordKey(SF, "Contact", "0031")
SF_ANN, SF_BEN = "0051", "0052"  # the same two people
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other")
NURTURE = FieldDefinition(crm=CRM, kind="contact", name="list:7", label="Nurture 2026", type="MANUAL")  # where recycled leads go
NEW_YORK = ZoneInfo("America/New_York")
MS = timedelta(milliseconds=1)
ROOT = Path(__file__).parents[1]


def ny(text: str) -> datetime:
    """Read a New York wall time, `2026-11-18 10:00`, with seconds if given."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@cache
def the_agreement(*swaps: tuple[str, str]) -> Agreement:
    """Return the shipped example agreement, each passage of `swaps` replaced by another."""
    return _read(ROOT / "agreement.example.toml", swaps)


@cache
def the_practice_agreement(*swaps: tuple[str, str]) -> Agreement:
    """Return the agreement of the practice CRM, which states every promise, each passage of `swaps` replaced by another."""
    return _read(ROOT / "src/sync/examples/practice.agreement.toml", swaps)


def _read(path: Path, swaps: Sequence[tuple[str, str]]) -> Agreement:
    text = path.read_text(encoding="utf-8")
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new)
    return agreement_of(text, file=path.name)


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


def sf_status(value: str | None, when: datetime, **more: object) -> FieldChange:
    """The Salesforce Lead took a status."""
    return set_to("Status", value, when, record=SF_LEAD, **more)  # type: ignore[arg-type]


def sf_owned_by(owner: str | None, when: datetime, **more: object) -> FieldChange:
    """The Salesforce Lead got an owner."""
    return set_to("OwnerId", owner, when, record=SF_LEAD, **more)  # type: ignore[arg-type]


def unreachable(when: datetime, *, value: str = "true") -> list[FieldChange]:
    """The person may be neither mailed nor called: the excuse of the example agreement."""
    return [set_to("hs_email_optout", value, when), set_to("do_not_call", value, when)]


def fits(when: datetime, *, score: str = "75", born: datetime = BORN) -> list[FieldChange]:
    """All that an MQL asks for: company, title and required fields since `born`, the score at `when`."""
    person = {"jobtitle": "Head of Operations", "email": "eve@example.com", "company": "Example Ltd", "phone": "+1 555 0100"}
    company = {"numberofemployees": "400", "industry": "COMPUTER_SOFTWARE"}
    changes = [set_to(field, value, born) for field, value in person.items()]
    changes += [set_to(field, value, born, record=COMPANY) for field, value in company.items()]
    return [*changes, set_to("hubspotscore", score, when)]


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


def a_reply(when: datetime, **more: object) -> Activity:
    """A mail that came in from the person."""
    return a_mail(when, direction=Direction.IN, owner=None, **more)


def the_record(key: RecordKey, changes: Sequence[FieldChange], *, born: datetime = BORN) -> Record:
    """A record whose values are its newest changes."""
    values = {change.field: change.value for change in sorted(changes, key=lambda c: c.at) if change.record == key}
    return Record(key=key, values=values, created_at=born, changed_at=born)


def the_rows(
    changes: Sequence[FieldChange],
    activities: Sequence[Activity] = (),
    *,
    alike: Mapping[RecordKey, int] | None = None,
    company: Record | None = None,
    born: datetime = BORN,
    gone_at: Mapping[RecordKey, datetime] | None = None,
) -> LeadRows:
    """Mirror rows of one contact, of its company and deal if anything changed in them; values are the newest changes."""
    touched = {change.record for change in changes}
    return LeadRows(
        lead=str(LEAD),
        people=(the_record(LEAD, changes, born=born),),
        company=company or (the_record(COMPANY, changes) if COMPANY in touched else None),
        deals=(the_record(DEAL, changes),) if DEAL in touched else (),
        changes=tuple(changes),
        activities=tuple(activities),
        alike=alike or {},
        gone_at=gone_at or {},
    )


def both_rows(
    changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, born: Mapping[RecordKey, datetime] | None = None, **more: object
) -> LeadRows:
    """Mirror rows of one person in HubSpot and in Salesforce; `born` names its records, in order, and when each was created."""
    born = born or {LEAD: BORN, SF_LEAD: BORN}
    people = tuple(the_record(key, changes, born=at) for key, at in born.items())
    company = the_record(COMPANY, changes) if any(change.record == COMPANY for change in changes) else None
    told: dict[str, object] = {"alike": {}, "gone_at": {}, "company": company, "deals": ()}
    return LeadRows(lead=str(people[0].key), people=people, changes=tuple(changes), activities=tuple(activities), **(told | more))  # type: ignore[arg-type]


def the_roster(*, away: Sequence[tuple[str, datetime, datetime]] = (), pools: Mapping[str, Sequence[str]] | None = None) -> Roster:
    """A roster of Ann, Ben and whoever else is in `pools` (pool -> owner ids), absent as told: (owner id, since, upto)."""
    ids = {ANN, BEN, *(owner for members in (pools or {}).values() for owner in members)}
    absences = {id_: tuple(Absence(since=s, upto=u, why=None) for owner, s, u in away if owner == id_) for id_ in ids}
    people = {
        id_: Person(name=id_, email=None, ids={CRM: id_}, manager=None, team=None, calendar=None, hours=None, absences=absences[id_])
        for id_ in sorted(ids)
    }
    return Roster(
        people=people,
        pools={pool: tuple(Member(person=id_, weight=1) for id_ in members) for pool, members in (pools or {}).items()},
        placeholders={CRM: frozenset({"90"})},
        by_id={(CRM, id_): id_ for id_ in people},
    )


def the_terms(*, upto: datetime, roster: Roster | None = None, agreement: Agreement | None = None, **crm_terms: object) -> Terms:
    """Terms with Ann and Ben, every stream read up to `upto`; `crm_terms` as in `CrmTerms`."""
    streams = (VOCABULARY.person_stream, *VOCABULARY.context_streams, *VOCABULARY.touch_streams)
    crm = CrmTerms(
        vocabulary=VOCABULARY,
        ladder={stage: place for place, stage in enumerate(STAGES)},
        queues=frozenset({"91"}),
        names={"90": "Marketing queue", ANN: ANN, BEN: BEN},
        lists=(NURTURE,),
        upto=dict.fromkeys(streams, upto),
    )
    crm = replace(crm, **crm_terms)  # type: ignore[arg-type]
    span = AgreementSpan(agreement=agreement or the_agreement(), since=None, until=None)
    return Terms(
        spans=(span,), roster=roster or Roster(placeholders={CRM: frozenset({"90"})}), crms={CRM: crm}, settle=timedelta(minutes=30)
    )


def both_terms(*, upto: datetime, parts: Mapping[str, object] | None = None, **more: object) -> Terms:
    """Terms of the practice agreement for a marketing HubSpot and a sales Salesforce, every stream read up to `upto`."""
    streams = (*SF_VOCABULARY.person_streams, *SF_VOCABULARY.context_streams, *SF_VOCABULARY.touch_streams)
    salesforce = CrmTerms(
        vocabulary=SF_VOCABULARY,
        queues=frozenset({"00G1"}),
        names={"00G1": "Marketing queue", SF_ANN: SF_ANN, SF_BEN: SF_BEN},
        emails={SF_ANN: "ann@us.example", SF_BEN: "ben@us.example"},
        upto=dict.fromkeys(streams, upto),
    )
    emails = {ANN: "ann@us.example", BEN: "ben@us.example"}
    terms = the_terms(upto=upto, agreement=the_practice_agreement(), emails=emails, **more)
    authority = Authority(**({"marketing": CRM, "sales": SF, "owner": SF} | dict(parts or {})))  # type: ignore[arg-type]
    return replace(terms, crms={**terms.crms, SF: salesforce}, parts=authority)


def judgement(
    changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, now: datetime, terms: Terms | None = None
) -> Judgement:
    """Judge one lead by the example agreement, or by other terms."""
    return judge_lead(the_rows(changes, activities), terms or the_terms(upto=now), now)


def status_in(rows: LeadRows, terms: Terms, *, now: datetime, rule: str = "first_touch") -> Status:
    """Judge one lead by other terms and return the status of its only finding of `rule`."""
    (finding,) = [f for f in judge_lead(rows, terms, now).findings if f.rule == rule]
    return finding.status


def found(
    changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, now: datetime, rule: str, terms: Terms | None = None
) -> list[Finding]:
    """Judge one lead and return its findings of `rule`, in order."""
    return [f for f in judgement(changes, activities, now=now, terms=terms).findings if f.rule == rule]


def judged(
    changes: Sequence[FieldChange], activities: Sequence[Activity] = (), *, now: datetime, rule: str, terms: Terms | None = None
) -> Finding:
    """Judge one lead and return its only finding of `rule`."""
    (finding,) = found(changes, activities, now=now, rule=rule, terms=terms)
    return finding


def a_finding(
    rule: str, when: datetime, *, kind: str = "clock", handoff: str = "Marketing to SDR", number: int = 1, **more: object
) -> Finding:
    """A promise that was broken at `when` and is still owed, by Ann unless said otherwise."""
    cycle = CycleRef(handoff=handoff, number=number, opened_at=when, opened_by="stage MQL", closed_at=None, closed_by=None)
    finding = Finding(
        key=f"{rule}@{when:%H%M%S}",
        lead=str(LEAD),
        records=(LEAD,),
        cycle=cycle,
        rule=rule,
        kind=kind,
        status=Status.BREACHED,
        side=Side.OWNER,
        owner=ANN,
        started_at=when,
        due_at=when,
        settled_at=None,
        late_by_s=0,
        evidence=(),
        message=f"{rule}: broken",
        owed=True,
    )
    return replace(finding, **more)  # type: ignore[arg-type]


def without_stream(terms: Terms, stream: str) -> Terms:
    """Return `terms` in which one stream was never read."""
    crm = terms.crms[CRM]
    return replace(terms, crms={CRM: replace(crm, upto={name: at for name, at in crm.upto.items() if name != stream})})
