"""Which leads must be judged again: those that a saved page changed, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from connectors.records import Link, Team
from sync.judge.findings import Judgement, Status
from sync.store.database import Database
from sync.store.dirty import Dirty
from sync.store.findings import Findings
from sync.store.mirror import Mirror
from sync.store.rows_read import LeadReader
from sync.store.runs import Runs
from tests.flow.store_values import (
    HOUR,
    MINUTE,
    NINE,
    WORDS,
    a_finding,
    a_judgement,
    a_key,
    a_link,
    a_mirror,
    a_page,
    a_record,
    an_activity,
    an_owner,
    read,
    save,
    save_owners,
)

OWNER = WORDS.owner
LATER = NINE + HOUR
STREAMS = {"hubspot": WORDS}


def dirty(store: Database, now: datetime = LATER + HOUR) -> list[str]:
    """Return the leads to be judged, without their CRM."""
    leads = LeadReader(store, [WORDS]).changed(now=now, bulk_within=5 * MINUTE)
    return [rows.lead.removeprefix("hubspot/") for rows in leads]


def judge(store: Database, *judgements: Judgement, at: datetime = LATER, marked_upto: int | None = None) -> None:
    """Save what was judged now; as a whole run does, unless it is said up to which mark."""
    run = Runs(store).start("audit", mode="observe", as_of=None, now=NINE, agreement_hash="abc")
    upto = Dirty(store, STREAMS).newest() if marked_upto is None else marked_upto
    Findings(store).save(run, judgements, judged_at=at, marked_upto=upto)


def judge_all(store: Database) -> None:
    judge(store, *(a_judgement(lead=rows.lead) for rows in read(store)))


@pytest.fixture
def judged(store: Database) -> Database:
    """A store of two leads with a company, a deal and a call each, all judged."""
    Dirty(store, STREAMS).refresh("terms", bulk_within=5 * MINUTE)
    save_owners(store, an_owner("77"), an_owner("78"), an_owner("79"), seen_at=NINE)
    for n, owner in ((1, "77"), (2, "78")):
        save(
            store,
            a_record(f"contact/{n}", {OWNER: owner, "city": "Bonn"}, history={OWNER: [(owner, NINE)], "city": [("Bonn", NINE)]}),
            a_record(f"company/{n}", {"size": "9"}),
            a_record(f"deal/{n}", {"dealstage": "new"}),
            an_activity(f"call/{n}", owner=owner),
            links=(*(a_link(f"contact/{n}", f"{kind}/{n}") for kind in ("company", "deal", "call")), a_link(f"company/{n}", f"deal/{n}")),
        )
    judge_all(store)
    assert dirty(store) == []
    return store


def test_a_lead_is_marked_when_it_is_first_seen_and_until_it_is_judged(store: Database) -> None:
    save(store, a_record("contact/1"), a_record("contact/2"), a_record("company/9"))
    assert dirty(store) == ["contact/1", "contact/2"]

    judge(store, a_judgement(lead="hubspot/contact/1"))

    assert dirty(store) == ["contact/2"]
    assert Dirty(store, STREAMS).count(LATER) == 1


@pytest.mark.parametrize(
    "page",
    [
        pytest.param({"rows": [a_record("contact/1", {OWNER: "77", "city": "Ulm"}, changed_at=LATER)]}, id="a field"),
        pytest.param({"rows": [a_record("company/1", {"size": "9"}, changed_at=LATER)]}, id="how old a value without history may be"),
        pytest.param({"rows": [a_record("contact/1", history={"city": [("Rome", NINE)]})]}, id="its history"),
        pytest.param({"rows": [a_record("company/1", {"size": "10"}, changed_at=LATER)]}, id="its company"),
        pytest.param({"rows": [a_record("deal/1", {"dealstage": "won"}, changed_at=LATER)]}, id="its deal"),
        pytest.param({"rows": [an_activity("call/1", owner="78", changed_at=LATER)]}, id="a call that is not the same"),
        pytest.param({"rows": [an_activity("call/1", status=None, changed_at=LATER)]}, id="a status"),
        pytest.param({"rows": [an_activity("call/5")], "links": [a_link("call/5", "contact/1")]}, id="another call"),
        pytest.param({"links": [a_link("call/2", "contact/1")]}, id="a link"),
        pytest.param({"rows": [a_record("company/1", {"size": "9"})], "linked_kinds": frozenset({"contact"})}, id="a link that ended"),
        pytest.param({"gone": [(a_key("contact/1"), None)]}, id="it was deleted"),
        pytest.param({"gone": [(a_key("deal/1"), LATER)]}, id="its deal was deleted"),
        pytest.param({"gone": [(a_key("call/1"), LATER)]}, id="its call was deleted"),
    ],
)
def test_a_lead_is_marked_by_whatever_changes_of_it(judged: Database, page: dict[str, Any]) -> None:
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in page.items()}

    save(judged, *told.pop("rows", ()), seen_at=LATER, **told)

    assert dirty(judged) == ["contact/1"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [
                a_record(
                    "contact/1", {OWNER: "77", "city": "Bonn"}, history={OWNER: [("77", NINE)], "city": [("Bonn", NINE)]}, changed_at=LATER
                )
            ],
            id="a record that was only touched",
        ),
        pytest.param([an_activity("call/1", owner="77", changed_at=LATER)], id="a call that was only touched"),
        pytest.param([a_record("company/1", {"size": "9"})], id="the same again"),
        pytest.param([a_record("company/8")], id="a company of nobody"),
    ],
)
def test_what_says_nothing_new_marks_no_lead(judged: Database, rows: list[Any]) -> None:
    save(judged, *rows, seen_at=LATER)

    assert dirty(judged) == []


def test_what_leadpact_writes_into_its_own_fields_marks_no_lead(judged: Database) -> None:
    mirror = Mirror(judged, {"hubspot": replace(WORDS, own_fields={"sla_status": "sla"})})
    held, history = {OWNER: "77", "city": "Bonn"}, {OWNER: [("77", NINE)], "city": [("Bonn", NINE)]}
    for minutes, sla in enumerate(("on_track", "breached", "breached"), start=1):
        at = NINE + minutes * MINUTE
        mirror.save_page("hubspot", a_page(a_record("contact/1", held | {"sla": sla}, history=history, changed_at=at)), seen_at=at)
        assert dirty(judged) == []
    later = NINE + HOUR
    moved = a_record("contact/1", held | {"sla": "late", "city": "Rome"}, history=history, changed_at=later)
    mirror.save_page("hubspot", a_page(moved), seen_at=later)
    assert dirty(judged) == ["contact/1"]


def test_a_link_between_a_company_and_a_deal_marks_no_lead(judged: Database) -> None:
    save(judged, links=(a_link("company/1", "deal/2"),), seen_at=LATER)

    assert dirty(judged) == []


def test_leads_of_activities_that_are_alike_and_near_are_marked(store: Database) -> None:
    Dirty(store, STREAMS).refresh("terms", bulk_within=5 * MINUTE)
    for n, minutes in ((1, 0), (2, 4), (3, 30)):
        save(
            store,
            a_record(f"contact/{n}"),
            an_activity(f"email/{n}", NINE + minutes * MINUTE, alike="same"),
            links=(a_link(f"email/{n}", f"contact/{n}"),),
        )
    save(store, a_record("contact/4"))
    judge_all(store)

    mail = an_activity("email/4", NINE + 8 * MINUTE, alike="same")
    save(store, mail, links=(a_link("email/4", "contact/4"),), seen_at=LATER)

    assert dirty(store) == ["contact/2", "contact/4"]


def test_leads_are_marked_too_when_a_look_alike_is_none_any_more(store: Database) -> None:
    Dirty(store, STREAMS).refresh("terms", bulk_within=5 * MINUTE)
    mails = [an_activity(f"email/{n}", NINE + n * MINUTE, alike="same") for n in (1, 2)]
    people = [a_record(f"contact/{n}") for n in (1, 2)]
    save(store, *people, *mails, links=tuple(a_link(f"email/{n}", f"contact/{n}") for n in (1, 2)))
    judge_all(store)

    save(store, an_activity("email/1", NINE + MINUTE, alike="edited", changed_at=LATER), seen_at=LATER)

    assert dirty(store) == ["contact/1", "contact/2"]


def test_when_an_owner_goes_their_leads_are_marked(judged: Database) -> None:
    save_owners(judged, an_owner("77", active=False), an_owner("78"), an_owner("79"), seen_at=LATER)
    assert dirty(judged) == ["contact/1"]
    judge_all(judged)

    save_owners(judged, an_owner("77", active=False), an_owner("79"), seen_at=LATER + MINUTE)
    assert dirty(judged) == ["contact/2"]


def test_when_an_owner_changes_the_leads_of_their_calls_are_marked(judged: Database) -> None:
    save(judged, an_activity("call/7", owner="79"), links=(a_link("call/7", "contact/2"),), seen_at=LATER)
    judge_all(judged)

    save_owners(judged, an_owner("77"), an_owner("78"), an_owner("79", teams=("5",)), seen_at=LATER)
    assert dirty(judged) == ["contact/2"]
    judge_all(judged)

    save(judged, stream="teams", teams=(Team(crm="hubspot", id="5", name="SDR"),), seen_at=LATER)
    assert dirty(judged) == ["contact/2"]


def test_owners_listed_again_as_they_were_mark_no_lead(judged: Database) -> None:
    save_owners(judged, an_owner("77"), an_owner("78"), an_owner("79"), seen_at=LATER)

    assert dirty(judged) == []


def test_a_lead_is_due_when_its_judgement_changes_without_news(judged: Database) -> None:
    judge(judged, a_judgement(lead="hubspot/contact/2", next_at=LATER + MINUTE))

    assert dirty(judged, LATER) == []
    assert dirty(judged, LATER + MINUTE) == ["contact/2"]


UNKNOWN = {"status": Status.UNKNOWN, "late_by_s": None, "due_at": NINE + MINUTE}


def test_a_lead_of_which_something_is_unknown_stays_marked_until_every_stream_was_read_that_far(judged: Database) -> None:
    save(judged, stream="calls", began_at=NINE)
    judge(judged, a_judgement(a_finding(**UNKNOWN)))
    assert dirty(judged) == ["contact/1"]

    for stream in ("calls", "contacts", "owners"):
        save(judged, stream=stream, began_at=NINE + MINUTE)
    assert dirty(judged) == ["contact/1"]
    judge(judged, a_judgement(a_finding(**UNKNOWN)))
    assert dirty(judged) == []


def test_a_stream_that_could_not_be_read_keeps_marked_what_waits_for_it(judged: Database) -> None:
    a_mirror(judged).note_failure("hubspot", "calls", "closed to us", at=NINE)

    judge(judged, a_judgement(a_finding(**UNKNOWN)))

    assert dirty(judged) == ["contact/1"]


def test_what_is_unknown_without_a_moment_waits_for_streams_up_to_now(judged: Database) -> None:
    unsure = a_judgement(a_finding(**{**UNKNOWN, "due_at": None}))

    judge(judged, unsure, at=LATER)
    assert dirty(judged) == ["contact/1"]

    for stream in ("contacts", "owners"):
        save(judged, stream=stream, began_at=LATER)
    judge(judged, unsure, at=LATER)
    assert dirty(judged) == []


def test_oddities_of_the_crm_s_data_wait_for_nothing(judged: Database) -> None:
    judge(judged, a_judgement(a_finding(**{**UNKNOWN, "kind": "data"})))

    assert dirty(judged) == []


def test_leads_of_which_something_is_unknown_are_marked_when_a_stream_was_read_for_the_first_time(judged: Database) -> None:
    judge(judged, a_judgement(a_finding(**{**UNKNOWN, "due_at": NINE})))
    assert dirty(judged) == []

    save(judged, stream="calls", last=False)
    assert dirty(judged) == []
    save(judged, stream="calls")
    assert dirty(judged) == ["contact/1"]


def test_a_lead_that_changed_after_it_was_read_stays_marked(judged: Database) -> None:
    read_upto = Dirty(judged, STREAMS).newest()
    save(judged, a_record("contact/1", {"city": "Ulm"}, changed_at=NINE), seen_at=NINE)

    judge(judged, a_judgement(), marked_upto=read_upto)
    assert dirty(judged) == ["contact/1"]

    judge(judged, a_judgement())
    assert dirty(judged) == []


def test_a_number_of_a_mark_is_never_given_again(judged: Database) -> None:
    marks = Dirty(judged, STREAMS)
    save(judged, a_record("contact/1", {"city": "Ulm"}), seen_at=LATER)
    before = marks.newest()
    judge_all(judged)

    save(judged, a_record("contact/1", {"city": "Rome"}), seen_at=LATER)

    assert marks.newest() > before


def test_news_from_after_the_moment_that_was_judged_is_judged_later(judged: Database) -> None:
    """A call that is logged while the run pulls is not seen as of the run's beginning."""
    call = an_activity("call/9", LATER + MINUTE)
    save(judged, call, links=(a_link("call/9", "contact/1"),), seen_at=LATER)

    judge(judged, a_judgement(), at=LATER)
    assert dirty(judged) == ["contact/1"]

    judge(judged, a_judgement(), at=LATER + MINUTE)
    assert dirty(judged) == []


def test_all_leads_are_marked_when_what_they_are_judged_by_is_another(judged: Database) -> None:
    marks = Dirty(judged, STREAMS)

    assert not marks.refresh("terms", bulk_within=5 * MINUTE)
    assert dirty(judged) == []
    assert marks.refresh("other terms", bulk_within=5 * MINUTE)
    assert dirty(judged) == ["contact/1", "contact/2"]
    judge_all(judged)
    assert marks.refresh("other terms", bulk_within=6 * MINUTE)
    assert dirty(judged) == ["contact/1", "contact/2"]


def test_all_leads_can_be_marked_on_demand(judged: Database) -> None:
    Dirty(judged, STREAMS).mark_all("asked for")

    assert dirty(judged) == ["contact/1", "contact/2"]


def test_leads_of_which_something_is_still_to_be_done_are_marked_until_they_are_judged_again(judged: Database) -> None:
    Dirty(judged, STREAMS).mark(["hubspot/contact/2", "hubspot/contact/404"], "waiting", now=LATER)

    assert dirty(judged) == ["contact/2"]
    judge_all(judged)
    assert dirty(judged) == []


def test_leads_to_judge_come_in_key_order_over_more_than_one_chunk(store: Database) -> None:
    save(store, *(a_record(f"contact/{n}") for n in range(700, 0, -1)))

    assert dirty(store) == [f"contact/{n}" for n in range(1, 701)]


@pytest.mark.parametrize("lead_first", [True, False])
def test_a_lead_is_judged_again_when_its_meeting_begins_whichever_of_both_was_read_first(judged: Database, lead_first: bool) -> None:
    begins = LATER + 2 * HOUR
    readings = [
        lambda: save(judged, a_record("contact/3", created_at=LATER), seen_at=LATER),
        lambda: save(judged, an_activity("meeting/9", begins), links=(a_link("contact/3", "meeting/9"),), seen_at=LATER),
    ]
    for reading in readings if lead_first else reversed(readings):
        reading()

    judge(judged, a_judgement(lead="hubspot/contact/3"), at=LATER)

    assert dirty(judged, now=begins) == ["contact/3"]


def test_a_link_to_a_lead_that_was_not_read_yet_marks_nothing(store: Database) -> None:
    save(store, an_activity("call/1"), links=(Link(left=a_key("call/1"), right=a_key("contact/1")),))
    assert dirty(store) == []

    save(store, a_record("contact/1"))
    assert dirty(store) == ["contact/1"]


# --- the first pull


def test_the_first_judgement_is_of_all_leads_so_the_first_pull_marks_none_of_what_it_sees(store: Database) -> None:
    links = (a_link("contact/1", "call/1"), a_link("contact/1", "company/1"))
    save(
        store,
        a_record("contact/1", {OWNER: "77"}, history={OWNER: [("77", NINE - HOUR)]}),
        an_activity("call/1"),
        links=links,
        seen_at=LATER,
    )
    assert Dirty(store, STREAMS).count(LATER) == 0

    Dirty(store, STREAMS).refresh("terms", bulk_within=5 * MINUTE)

    assert dirty(store) == ["contact/1"]


@pytest.mark.parametrize("what", ["history", "call", "created", "archived"])
def test_what_happened_while_the_first_pull_ran_is_judged_again_after_the_first_judgement(store: Database, what: str) -> None:
    """A first pull takes long, and the leads are judged as of its beginning."""
    after = LATER + 10 * MINUTE
    save(store, a_record("contact/1"), an_activity("call/1"), links=(a_link("contact/1", "call/1"),), seen_at=LATER)
    match what:
        case "history":
            save(store, a_record("contact/1", {OWNER: "77"}, history={OWNER: [("77", after)]}, changed_at=after), seen_at=LATER)
        case "call":
            save(store, an_activity("call/2", after), links=(a_link("contact/1", "call/2"),), seen_at=LATER)
        case "created":
            save(store, a_record("contact/2", created_at=after), seen_at=LATER)
        case "archived":
            save(store, a_record("contact/1", archived_at=after, changed_at=after), seen_at=LATER)
    Dirty(store, STREAMS).refresh("terms", bulk_within=5 * MINUTE)

    judge(store, *(a_judgement(lead=rows.lead) for rows in read(store, upto=LATER)), at=LATER)

    assert dirty(store, now=LATER + HOUR) == ["contact/2" if what == "created" else "contact/1"]
