"""The page for managers: figures that add up, the words of the agreement, and values that stay harmless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from connectors.hubspot.mapping import record_pages
from connectors.records import Account, Usage
from sync.agreement.eras import AgreementSpan
from sync.agreement.parties import Meeting
from sync.judge.findings import Elapsed, Finding, Side, Status
from sync.pull import Pulled
from sync.report.audit import Audit, FromStore, figures_text
from sync.report.page import audit_page
from sync.report.page_words import attainment_text, cut, span_text
from sync.report.period import Period
from sync.report.summary import WORST, Summary, Tally
from sync.report.table import audit_table
from sync.route import Given
from sync.steps import FieldWrite, Step
from tests.builders import ANN, BEN, LEAD, a_call, judged, mql, ny, owned_by, the_agreement

HANDOFF = ny("2026-11-18 10:00")
NOW = ny("2026-11-20 10:00")
BROKEN = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], now=NOW, rule="first_touch")
KEPT = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(HANDOFF)], now=NOW, rule="first_touch")
LATE = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(ny("2026-11-18 15:00"))], now=NOW, rule="first_touch")
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202ejavascript:\x1b[31m\x07'


class Told(HTMLParser):
    """The page as tags and text, the way a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def links(self) -> list[str]:
        return [attrs["href"] or "" for tag, attrs in self.tags if tag == "a" if not (attrs["href"] or "").startswith("#")]


def summed(leads: Sequence[tuple[Sequence[Finding], Sequence[Step]]]) -> Summary:
    summary = Summary()
    for findings, steps in leads:
        summary.add(findings, steps)
    return summary


def an_audit(*leads: Sequence[Finding], steps: Sequence[Step] = (), **more: object) -> Audit:
    """An audit of leads with these findings; the steps are those of the first."""
    account = Account(crm="hubspot", id="62515", time_zone=None, kind="STANDARD", uses_leads_object=False, server_now=NOW)
    agreement = the_agreement()
    audit = Audit(
        kind="dry-run",
        run_id="20261120T150000Z-0001",
        started_at=NOW,
        as_of=NOW,
        agreement=agreement,
        eras=(AgreementSpan(agreement=agreement, since=None, until=None),),
        draft=None,
        signed=(),
        not_enforcing="not signed by marketing and sales",
        not_judged=(),
        pulled=(Pulled(account=account, rows={}, closed={}),),
        usage={"hubspot": Usage(calls=7)},
        leads={"hubspot": len(leads)},
        names={ANN: "Ann Lee", BEN: "Ben Cho"},
        teams={ANN: "SDR"},
        summary=summed([(findings, steps if place == 0 else ()) for place, findings in enumerate(leads)]),
        limited=False,
        plan=None,
    )
    return replace(audit, **more)  # type: ignore[arg-type]


def told(audit: Audit) -> Told:
    return Told(b"".join(audit_page(audit)).decode())


def a_step(**more: object) -> Step:
    step = Step(
        lead=str(LEAD),
        record=LEAD,
        action="reassign",
        fields=(FieldWrite(field="hubspot_owner_id", before=ANN, after=BEN),),
        finding=BROKEN.key,
        rule="first_touch",
        rung=1,
        reason=BROKEN.message,
        blocked_by=("not signed by marketing and sales",),
    )
    return replace(step, **more)  # type: ignore[arg-type]


def test_attainment_is_kept_of_kept_and_broken_and_leaves_open_ones_out() -> None:
    running = replace(KEPT, status=Status.RUNNING)
    tally = summed([([KEPT, BROKEN, LATE, running], ())]).by_rule["first_touch"]
    assert (tally.kept, tally.broken, tally.kept_late, tally.still_open) == (1, 2, 1, 1)
    assert tally.attainment == pytest.approx(1 / 3)
    assert attainment_text(tally) == "33.3%"


@pytest.mark.parametrize(
    ("kept", "broken", "expected"), [(0, 0, "–"), (9999, 1, "99.9%"), (3, 0, "100%"), (0, 3, "0.0%"), (57, 43, "57.0%")]
)
def test_only_a_promise_that_was_never_broken_shows_a_hundred_percent(kept: int, broken: int, expected: str) -> None:
    tally = Tally()
    tally.by_status.update({Status.KEPT: kept, Status.BREACHED: broken})
    assert attainment_text(tally) == expected


def test_an_owner_answers_only_for_what_the_owner_is_at_fault_for() -> None:
    routers = replace(BROKEN, side=Side.SYSTEM)
    orphan = replace(BROKEN, side=Side.SYSTEM, owner=None)
    summary = summed([([KEPT, BROKEN, routers], ()), ([orphan], ())])
    assert (summary.owners[ANN].kept, summary.owners[ANN].broken) == (1, 1)
    assert dict(summary.not_theirs) == {ANN: 1, None: 1}
    assert sum(tally.broken for tally in summary.owners.values()) + summary.not_theirs.total() == summary.breaches


def test_the_list_of_the_worst_stays_short_and_holds_those_overdue_longest() -> None:
    leads = [([replace(BROKEN, lead=f"hubspot/contact/{number}", late_by_s=number)], ()) for number in range(100)]
    summary = summed(leads)
    assert [worst.late_by_s for worst in summary.worst] == list(range(99, 99 - WORST, -1))
    assert summary.standing == 100


def test_a_lead_is_explained_with_rule_message_evidence_and_what_holds_the_remedy_back() -> None:
    text = told(an_audit([BROKEN], steps=[a_step()])).text
    for words in (
        "2 business hours from handoff to touch, owed by owner",
        "Broken, due Wed 2026-11-18 12:00 EST (2 business hours) and not kept.",
        "assigned to Ann Lee",
        "Reassign : give the lead to the next in the pool",
        "hubspot_owner_id: Ann Lee → Ben Cho",
        "Held back: Not signed by marketing and sales.",
    ):
        assert words in text


def test_evidence_that_does_not_count_is_shown_as_such() -> None:
    finding = judged([mql(HANDOFF), owned_by(ANN, HANDOFF)], [a_call(HANDOFF, owner=BEN)], now=NOW, rule="first_touch")
    text = told(an_audit([finding])).text
    assert "by somebody else than the owner" in text
    assert "does not count" in text


def test_a_lead_is_judged_in_the_words_of_the_version_that_judged_it() -> None:
    agreement = the_agreement()
    since = ny("2026-11-19 00:00")
    newer = replace(agreement, hash="f" * 64, clocks=())
    eras = (
        AgreementSpan(agreement=agreement, since=None, until=since),
        AgreementSpan(agreement=newer, since=since, until=None),
    )
    text = told(an_audit([BROKEN], agreement=newer, eras=eras)).text
    assert "2 business hours from handoff to touch" in text


def test_evidence_stands_in_the_order_in_which_it_happened_and_what_has_no_moment_comes_last() -> None:
    first, second = BROKEN.evidence[:2]
    shuffled = (replace(first, at=None, what="third"), replace(second, at=NOW, what="second"), replace(first, what="first"))
    words = told(an_audit([replace(BROKEN, evidence=shuffled)])).words
    assert [word for word in words if word in ("first", "second", "third")] == ["first", "second", "third"]


def test_a_message_does_not_repeat_the_rule_and_level_it_stands_under() -> None:
    finding = replace(BROKEN, level="Paid search", message="first_touch (Paid search): broken, due then")
    text = told(an_audit([finding])).text
    assert "Broken, due then." in text
    assert "first_touch (Paid search)" not in text


def test_how_the_time_went_is_told_where_it_is_known() -> None:
    elapsed = Elapsed(excused_s=0, suspended_s=0, system_s=600, owner_s=7200, off_hours_s=86_400)
    page = told(an_audit([replace(BROKEN, elapsed=elapsed)]))
    assert "2 h the owner's open time" in page.text
    assert "10 min nobody owned the lead" in page.text
    assert "a meeting was booked" not in page.text
    assert "How the time went" not in told(an_audit([replace(BROKEN, elapsed=None)])).text


def test_moments_that_are_not_known_are_said_to_be_so() -> None:
    page = told(an_audit([replace(BROKEN, started_at=None, due_at=None, late_by_s=None)]))
    assert "Due at an unknown moment" in page.text


def test_no_value_becomes_a_tag_and_none_turns_the_writing_direction() -> None:
    hostile = replace(
        BROKEN,
        cycle=replace(BROKEN.cycle, opened_by=f"hand-raise {HOSTILE}", handoff=HOSTILE),
        evidence=tuple(replace(evidence, what=HOSTILE, source=HOSTILE) for evidence in BROKEN.evidence),
        message=f"first_touch: {HOSTILE}",
        level=HOSTILE,
    )
    agreement = replace(the_agreement(), title=HOSTILE)
    step = a_step(blocked_by=(HOSTILE,), fields=(FieldWrite(field=HOSTILE, before=HOSTILE, after=None),))
    audit = an_audit(
        [hostile],
        steps=[step],
        agreement=agreement,
        names={ANN: HOSTILE},
        teams={ANN: HOSTILE},
        not_enforcing=HOSTILE,
        not_judged=(HOSTILE,),
        pulled=tuple(replace(pulled, closed={HOSTILE: HOSTILE}) for pulled in an_audit().pulled),
    )
    page = b"".join(audit_page(audit)).decode()
    read = Told(page)
    assert not {tag for tag, _ in read.tags} & {"script", "img", "iframe", "object", "link", "form", "base"}
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]
    assert not [letter for letter in page if letter not in "\n" and not letter.isprintable()]
    assert '"><img src=x onerror=alert(1)><script>' in read.text, "the value is shown, as text"


def test_a_long_name_is_cut_and_says_so() -> None:
    page = told(an_audit([BROKEN], names={ANN: "N" * 10_000}))
    assert "N" * 59 + "…" in page.text
    assert "N" * 60 not in page.text
    assert cut("a\u202eb") == "ab"


def test_nothing_but_inline_style_is_allowed_to_the_page() -> None:
    metas = [attrs for tag, attrs in told(an_audit([BROKEN])).tags if tag == "meta"]
    (policy,) = [meta["content"] or "" for meta in metas if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "script-src" not in policy


def test_a_lead_links_to_its_record_only_where_the_crm_says_where_that_is() -> None:
    audit = an_audit([BROKEN])
    (pulled,) = audit.pulled
    account = replace(pulled.account, record_pages=record_pages("62515", "app-eu1.hubspot.com", api="https://api.hubapi.com"))
    linked = replace(audit, pulled=(replace(pulled, account=account),))
    assert told(linked).links == ["https://app-eu1.hubspot.com/contacts/62515/record/0-1/1"]
    assert told(audit).links == []
    elsewhere = replace(BROKEN, lead="hubspot/contact/1?x=javascript:")
    assert told(replace(linked, summary=summed([([elsewhere], ())]))).links == []


@pytest.mark.parametrize(
    ("portal", "domain", "api"),
    [
        ("62515", "app.hubspot.com", "http://127.0.0.1:8080"),
        ("62515", "evil.example", "https://api.hubapi.com"),
        ("62515", "app.hubspot.com.evil.example", "https://api.hubapi.com"),
        ("62515", None, "https://api.hubapi.com"),
        ("6/../2", "app.hubspot.com", "https://api.hubapi.com"),
    ],
)
def test_an_address_that_is_not_hubspots_own_is_no_link(portal: str, domain: str | None, api: str) -> None:
    assert record_pages(portal, domain, api=api) == {}


def test_an_audit_without_findings_says_why_and_shows_no_empty_table() -> None:
    page = told(an_audit())
    assert "The account holds no leads, so there was nothing to judge." in page.text
    assert not [tag for tag, _ in page.tags if tag == "table"]


def test_the_page_does_not_grow_with_the_number_of_leads() -> None:
    def size(count: int) -> int:
        return len(b"".join(audit_page(an_audit(*([replace(BROKEN, lead=f"hubspot/contact/{n}")] for n in range(count))))))

    assert size(2_000) < size(WORST) * 1.05


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=5, seconds=59), "5 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=1, minutes=5), "1 day"),
        (timedelta(days=3, hours=4, minutes=5), "3 days 4 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(span: timedelta, expected: str) -> None:
    assert span_text(int(span.total_seconds())) == expected


def test_a_rule_whose_name_looks_like_markup_stands_in_the_table_as_it_is() -> None:
    name = "[sdr] cadence [/b]"
    told_so = StringIO()
    Console(file=told_so, width=160).print(audit_table(an_audit([replace(BROKEN, rule=name)]), width=160))
    assert told_so.getvalue().count(name) >= 2


def test_a_pool_of_which_nobody_is_left_is_named_on_the_page_as_in_the_terminal() -> None:
    stays, falls_back = a_step(nobody_left="<sdr>"), a_step(nobody_left="<sdr>", given=Given(owner=BEN, pool="<sdr>", seats={}))
    page = told(an_audit([BROKEN], steps=[stays, falls_back]))
    sentence = "Nobody of pool <sdr> is left who may get 2 of the leads: 1 would go to its fallback, 1 would stay where they are."
    assert sentence in page.text
    assert "Nobody of pool" not in told(an_audit([BROKEN], steps=[a_step()])).text


PERIOD = Period(since=ny("2026-11-17 08:00"), upto=NOW)
RECAP = Meeting(name="Recap <b>", on="every Friday 10:00", led="working managers", agenda=("What broke?", HOSTILE))


def a_report(*leads: Sequence[Finding], meeting: Meeting | None = None, period: Period | None = PERIOD) -> Audit:
    """A report of what the store keeps; one promise was kept in the time before."""
    former = Tally()
    former.add(KEPT)
    kept = FromStore(period=period, former=former, meeting=meeting, meets_at=NOW if meeting is not None else None)
    return an_audit(*leads, kind="report", kept=kept)


def test_the_page_of_a_meeting_names_it_its_leaders_its_agenda_and_the_time_it_tells_of() -> None:
    page = told(a_report([BROKEN], [KEPT], meeting=RECAP))
    assert "Recap <b> Fri 2026-11-20 10:00 EST, led by working managers What broke?" in page.text
    assert "Counted is what fell due from Tue 2026-11-17 08:00 EST to Fri 2026-11-20 10:00 EST, and what is open now." in page.text
    assert "1 kept, 1 broken; 100% in the time before" in page.text
    assert "dry run" not in page.text
    assert [tag for tag, _ in page.tags if tag in ("script", "img", "b") and tag != "b"] == []


def test_a_report_from_the_store_plans_nothing_and_says_nothing_of_plans() -> None:
    page = told(a_report([BROKEN]))
    assert "What leadpact would do" not in page.text
    assert "led by" not in page.text
    assert "No promise fell due in this time, and none is open." in told(replace(a_report(), summary=Summary(leads=5))).text


def test_the_figures_of_a_report_in_a_line() -> None:
    assert figures_text(a_report([BROKEN], [KEPT])) == "50.0% of 2 promises kept (100% before), 1 broken, 1 lead still waits"
    assert figures_text(a_report()) == "no promise fell due (100% before), 0 broken, 0 leads still wait"


def test_the_terminal_tells_of_a_meeting_and_its_time_and_of_no_calls() -> None:
    out = StringIO()
    Console(file=out, width=200).print(audit_table(a_report([BROKEN], meeting=RECAP), width=200))
    said = out.getvalue()
    assert "For: Recap <b>, Fri 2026-11-20 10:00 EST; led by working managers" in said
    assert "What fell due from Tue 2026-11-17 08:00 EST to Fri 2026-11-20 10:00 EST, and what is open now." in said
    assert "API calls" not in said


def test_what_leadpact_did_is_told_by_action_and_left_out_where_it_did_nothing() -> None:
    report = a_report([BROKEN])
    assert report.kept is not None
    did = replace(report, kept=replace(report.kept, done={"reassign": 12, "escalate": 3}))
    page = told(did)
    assert "Reassign leads were given to another owner 12 Escalate leads were listed in a manager's task 3" in page.text
    assert "What leadpact did" not in told(report).text
    out = StringIO()
    Console(file=out, width=200).print(audit_table(did, width=200))
    assert "12 leads were given to another owner" in out.getvalue()
