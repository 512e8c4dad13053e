"""What is counted of a store."""

from __future__ import annotations

from datetime import timedelta

from sync.journal import Event, Place
from sync.judge.findings import Status
from sync.store.database import Database
from sync.store.figures import LATE_S, Figures
from sync.store.findings import Findings
from sync.store.ledger import Enforced
from sync.store.usage import ApiUsage
from tests.flow.store_values import HOUR, MINUTE, NINE, a_finding, a_judgement, a_record, save, save_in_both
from tests.flow.test_store_journal import FREE, a_plan, note
from tests.flow.test_store_plans import a_run


def test_what_falls_due_next_is_found_among_leads_that_are_judged_anew_earlier(store: Database) -> None:
    leads = [f"hubspot/contact/{number}" for number in range(1, 451)]
    run = a_run(store)
    save(store, *(a_record(lead.removeprefix("hubspot/")) for lead in leads))
    judged = []
    for n, lead in enumerate(leads):  # the lead that is judged anew first has the promise that falls due last
        spell = n * MINUTE / 10
        finding = a_finding(f"f{n}", lead=lead, status=Status.RUNNING, late_by_s=None, due_at=NINE + HOUR - spell)
        judged.append(a_judgement(finding, lead=lead, next_at=NINE - HOUR + spell))
    Findings(store).save(run, judged, judged_at=NINE)
    assert [one.lead for one in Figures(store).due_next(3)] == ["hubspot/contact/450", "hubspot/contact/449", "hubspot/contact/448"]
    assert [len(Figures(store).due_next(most)) for most in (1, 450, 1000)] == [1, 450, 450]


def test_a_promise_that_was_kept_or_withdrawn_falls_due_no_more(store: Database) -> None:
    run = a_run(store)
    save(store, a_record("contact/1"))
    running = a_finding("f1", status=Status.RUNNING, late_by_s=None)
    Findings(store).save(run, [a_judgement(running, a_finding("f2", status=Status.KEPT, late_by_s=None), next_at=NINE)], judged_at=NINE)
    assert [one.rule for one in Figures(store).due_next(5)] == ["first touch"]
    Findings(store).save(run, [a_judgement(next_at=NINE)], judged_at=NINE)
    assert Figures(store).due_next(5) == []
    assert Figures(store).rules() == []


def test_findings_are_counted_by_rule_and_status_with_their_lateness_and_what_is_backlog(store: Database) -> None:
    run = a_run(store)
    save(store, a_record("contact/1"))
    late = [a_finding(f"f{n}", late_by_s=late_s, owed=n > 0) for n, late_s in enumerate((LATE_S[0], LATE_S[0] + 1, LATE_S[-1] + 1))]
    Findings(store).save(run, [a_judgement(*late, a_finding("f9", status=Status.RUNNING, late_by_s=None))], judged_at=NINE)
    broken, running = Figures(store).rules()
    assert (broken.status, broken.findings, broken.owed, broken.backlog) == ("breached", 3, 2, 2)  # the rule is not enforced yet
    assert (broken.late[0], broken.late[1], broken.late[-1], broken.late_s) == (1, 2, 2, 2 * LATE_S[0] + LATE_S[-1] + 2)
    assert (running.status, running.findings, running.backlog, running.late) == ("running", 1, 0, (0,) * len(LATE_S))
    for since, backlog in ((NINE, 0), (NINE + MINUTE, 2)):  # what opened exactly then is acted on
        Enforced(store).renew([], now=since)
        Enforced(store).renew(["first touch"], now=since)
        assert Figures(store).rules()[0].backlog == backlog


def test_leads_are_counted_by_what_the_record_that_names_them_holds(store: Database) -> None:
    ada = a_record("contact/1", {"lifecyclestage": "lead", "email": "ada@example.com"})
    save_in_both(store, ada, a_record("salesforce/Lead/00Q1", {"Email": "ada@example.com"}))
    gone = a_record("contact/3", {"lifecyclestage": "lead"}, archived_at=NINE)
    save(store, a_record("contact/2", {"lifecyclestage": "lead"}), gone, a_record("contact/4"))
    figures = Figures(store)
    assert figures.held_by("hubspot", "contact", ["lifecyclestage"]) == {("lead",): 2, (None,): 1}
    assert figures.held_by("hubspot", "contact", ["email", "lifecyclestage"])["ada@example.com", "lead"] == 1
    assert figures.held_by("salesforce", "Lead", ["Status"]) == {}  # it belongs to the lead that the contact names


def test_of_the_journal_only_new_lines_are_counted_and_writes_by_what_was_told_last(store: Database) -> None:
    run, plan = a_plan(store, FREE, FREE)
    note(store, run, Place(plan, 0), Event.INTENDED, Event.DONE)
    line, counted = Figures(store).journal_after(0)
    assert counted == {"intended": 1, "done": 1}
    note(store, run, Place(plan, 0), Event.VERIFIED)
    note(store, run, Place(plan, 1), Event.INTENDED, Event.REFUSED)
    assert Figures(store).journal_after(line)[1] == {"verified": 1, "intended": 1, "refused": 1}
    assert Figures(store).ends_since(NINE - MINUTE) == {"verified": 1, "refused": 1}
    assert Figures(store).ends_since(NINE) == {}


def test_calls_are_told_of_the_last_day_and_of_all(store: Database) -> None:
    usage = ApiUsage(store)
    for days, calls in ((0, 5), (1, 7), (2, 11)):
        usage.add("hubspot", NINE.date() - timedelta(days=days), calls)
    told = Figures(store).calls()["hubspot"]
    assert (told.total, told.day, told.today) == (23, NINE.date(), 5)
