from __future__ import annotations

from datetime import timedelta

from connectors.records import ActivityStatus, StatusChange
from sync.store.database import Database
from sync.store.rows_read import LeadReader
from tests.flow.store_values import HOUR, MINUTE, NINE, WORDS, a_key, a_link, a_mirror, a_page, a_record, an_activity, read, save

STAGE = "lifecyclestage"


def test_leads_come_by_number_then_by_text(store: Database) -> None:
    ids = ["10", "9", "b", "100", "a", "1", "00Q5", "99999999999999999999"]
    save(store, *(a_record(f"contact/{id_}") for id_ in ids), a_record("company/5"))

    in_order = ["1", "9", "10", "100", "00Q5", "99999999999999999999", "a", "b"]
    assert [lead.lead for lead in read(store)] == [f"hubspot/contact/{id_}" for id_ in in_order]


def test_more_leads_than_one_chunk_come_once_each(store: Database) -> None:
    save(store, *(a_record(f"contact/{n}") for n in range(1, 702)))

    assert [lead.lead for lead in read(store)] == [f"hubspot/contact/{n}" for n in range(1, 702)]


def test_named_leads_come_in_the_same_order_and_unknown_ones_are_passed_over(store: Database) -> None:
    save(store, *(a_record(f"contact/{n}") for n in range(1, 20)), a_record("company/5"))

    keys = ["hubspot/contact/10", "hubspot/contact/2", "hubspot/contact/404", "hubspot/company/5", "salesforce/Lead/2"]
    assert [lead.lead for lead in read(store, keys=keys)] == ["hubspot/contact/2", "hubspot/contact/10"]


def test_the_store_can_be_written_to_while_leads_are_read(store: Database) -> None:
    save(store, *(a_record(f"contact/{n}") for n in range(1, 5)))
    leads = LeadReader(store, [WORDS]).leads(upto=None, bulk_within=MINUTE)
    next(leads)

    a_mirror(store).save_page("hubspot", a_page(cursor="c2"), seen_at=NINE)

    assert [lead.lead for lead in leads] == [f"hubspot/contact/{n}" for n in range(2, 5)]


def test_leads_that_are_gone_are_read_and_not_counted(store: Database) -> None:
    save(store, a_record("contact/1"), a_record("contact/2"), a_record("deal/2"), gone=((a_key("contact/1"), NINE),))

    assert len(read(store)) == 2
    assert LeadReader(store, [WORDS]).count_leads() == 1


def test_activities_come_by_time_and_changes_by_record_field_and_time(store: Database) -> None:
    save(
        store,
        a_record(
            "contact/1", {STAGE: "mql", "city": "Bonn"}, history={STAGE: [("lead", NINE), ("mql", NINE + HOUR)], "city": [("Bonn", NINE)]}
        ),
        a_record("company/9", {"icp": "true"}, history={"icp": [("true", NINE)]}),
        an_activity("call/10", NINE),
        an_activity("call/9", NINE),
        an_activity("email/1", NINE - HOUR),
        links=tuple(a_link("contact/1", other) for other in ("company/9", "call/10", "call/9", "email/1", "call/404")),
    )

    (lead,) = read(store)
    assert [str(activity.key) for activity in lead.activities] == ["hubspot/email/1", "hubspot/call/9", "hubspot/call/10"]
    assert [(change.record.kind, change.field, change.value) for change in lead.changes] == [
        ("company", "icp", "true"),
        ("contact", "city", "Bonn"),
        ("contact", STAGE, "lead"),
        ("contact", STAGE, "mql"),
    ]


# --- as it was known at a moment


def test_a_lead_created_later_is_not_there_yet(store: Database) -> None:
    save(store, a_record("contact/1", created_at=NINE), a_record("contact/2", created_at=NINE + HOUR))

    assert [lead.lead for lead in read(store, upto=NINE)] == ["hubspot/contact/1"]
    assert read(store, upto=NINE, keys=["hubspot/contact/2"]) == []


def test_values_with_history_are_those_of_the_moment_and_others_those_of_today(store: Database) -> None:
    history = {STAGE: [("lead", NINE), ("mql", NINE + HOUR)], "score": [("70", NINE + HOUR)]}
    save(store, a_record("contact/1", {STAGE: "mql", "score": "70", "city": "Bonn"}, history=history, changed_at=NINE + HOUR))

    (then,) = read(store, upto=NINE + HOUR - MINUTE)
    (now,) = read(store, upto=NINE + HOUR)

    assert then.people[0].values == {STAGE: "lead", "score": None, "city": "Bonn"}
    assert [change.value for change in then.changes] == ["lead"]
    assert now.people[0].values == {STAGE: "mql", "score": "70", "city": "Bonn"}


def test_activities_logged_later_and_statuses_taken_later_are_left_out(store: Database) -> None:
    statuses = (StatusChange(status=ActivityStatus.BOOKED, at=NINE), StatusChange(status=ActivityStatus.HELD, at=NINE + 2 * HOUR))
    save(
        store,
        a_record("contact/1"),
        an_activity("meeting/5", NINE + HOUR, logged_at=NINE, statuses=statuses),
        an_activity("call/6", NINE, logged_at=NINE + 2 * HOUR),
        links=(a_link("contact/1", "meeting/5"), a_link("contact/1", "call/6")),
    )

    (lead,) = read(store, upto=NINE + HOUR)

    assert [(str(activity.key), activity.statuses) for activity in lead.activities] == [("hubspot/meeting/5", statuses[:1])]


def test_what_went_later_is_not_gone_yet(store: Database) -> None:
    save(store, a_record("contact/1"), an_activity("call/5"), links=(a_link("contact/1", "call/5"),))
    save(store, gone=((a_key("contact/1"), NINE + HOUR), (a_key("call/5"), NINE + HOUR)))

    (then,) = read(store, upto=NINE + HOUR - MINUTE)
    (now,) = read(store, upto=NINE + HOUR)

    assert (then.gone_at, then.activities[0].archived_at) == ({}, None)
    assert (now.gone_at, now.activities[0].archived_at) == ({a_key("contact/1"): NINE + HOUR}, NINE + HOUR)


def test_deals_and_companies_created_later_are_left_out(store: Database) -> None:
    later = NINE + HOUR
    save(
        store,
        a_record("contact/1"),
        a_record("deal/3", created_at=later),
        a_record("company/9", created_at=later),
        links=(a_link("contact/1", "deal/3"), a_link("contact/1", "company/9")),
    )

    (then,) = read(store, upto=NINE)
    assert (then.company, then.deals) == (None, ())


# --- look-alikes


def alike_of(store: Database, *, upto: object = None) -> dict[str, int]:
    return {str(key): count for lead in read(store, upto=upto) for key, count in lead.alike.items()}


def test_look_alikes_are_counted_over_all_leads_within_one_span(store: Database) -> None:
    """Spans of five minutes: 0, 3 and 5 fit in one, 5 and 10 in another, 16 stands alone."""
    mails = [an_activity(f"email/{minute}", NINE + minute * MINUTE, alike="x") for minute in (0, 3, 5, 10, 16)]
    save(
        store,
        *(a_record(f"contact/{mail.key.id}") for mail in mails),
        *mails,
        an_activity("email/99", NINE, alike="y"),
        an_activity("email/100", NINE),
        links=(
            *(a_link(f"contact/{mail.key.id}", f"email/{mail.key.id}") for mail in mails),
            a_link("contact/0", "email/99"),
            a_link("contact/0", "email/100"),
        ),
    )

    told = {"email/0": 3, "email/3": 3, "email/5": 3, "email/10": 2, "email/16": 1, "email/99": 1}
    assert alike_of(store) == {f"hubspot/{mail}": count for mail, count in told.items()}


def test_look_alikes_logged_after_the_moment_asked_for_do_not_count(store: Database) -> None:
    mails = [an_activity(f"email/{minute}", NINE + minute * MINUTE, alike="x") for minute in (0, 1, 2)]
    save(store, a_record("contact/1"), *mails, links=tuple(a_link("contact/1", f"email/{n}") for n in (0, 1, 2)))

    assert set(alike_of(store, upto=NINE + MINUTE).values()) == {2}


def test_a_mailing_to_everybody_is_counted_in_full(store: Database) -> None:
    mails = [an_activity(f"email/{n}", NINE + n * timedelta(milliseconds=100), alike="x") for n in range(700)]
    save(
        store,
        *(a_record(f"contact/{n}") for n in range(700)),
        *mails,
        links=tuple(a_link(f"contact/{n}", f"email/{n}") for n in range(700)),
    )

    counts = alike_of(store)

    assert len(counts) == 700
    assert set(counts.values()) == {700}
