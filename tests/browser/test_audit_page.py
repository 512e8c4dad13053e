"""The page of a real audit in a real Chromium: harmless, whole at any width, and equal to the JSON."""

from __future__ import annotations

import json
import re
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import browser_path, ear, opened
from tests.flow.practice import audit_json, leadpact, practice_hubspot

NOW = "2026-11-20T15:00Z"
PHONE, DESK = 360, 1280
AGREED_FORMS = 2  # so many of the hostile names are forms that the agreement lists: they open a handoff by themselves
pytestmark = pytest.mark.xdist_group("browser")

FIGURES = """
() => Object.fromEntries([...document.querySelectorAll('table[data-table]')].map(table => [
  table.dataset.table,
  Object.fromEntries([...table.querySelectorAll('tr[data-key]')].map(row => [
    row.dataset.key || row.querySelector('th').innerText,
    Object.fromEntries([...row.querySelectorAll('td')].map(cell => [cell.dataset.label, cell.innerText.trim()])),
  ])),
]))
"""
BEYOND = """
() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 0.5 && !e.closest('caption, thead'))
  .map(e => e.outerHTML.slice(0, 200))
"""


@dataclass(frozen=True)
class Audited:
    """The page of an audit, the JSON of the same one, and what a listener beside it heard."""

    page: Path
    document: dict[str, Any]
    heard: list[str]


def audited(files: Path, folder: Path, heard: list[str]) -> Audited:
    page = folder / "audit.html"
    done = leadpact("sync", "--dry-run", "--format", "html", "--output", str(page), "--config", str(files / "config.toml"))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return Audited(page=page, document=audit_json(files), heard=heard)


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """An invented company."""
    folder = tmp_path_factory.mktemp("ordinary")
    with practice_hubspot(folder, "--leads", "300", "--seed", "3", "--now", NOW) as files:
        yield audited(files, folder, [])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """An account in which somebody planted names that want to run, to ask, to mislead and to push."""
    folder = tmp_path_factory.mktemp("hostile")
    with ear() as (address, heard):
        names = hostile_names(address)
        portal = folder / "portal.jsonl"
        portal.write_text("\n".join(json.dumps(line) for line in planted(names)), encoding="utf-8")
        with practice_hubspot(folder, "--load", str(portal), "--now", NOW) as files:
            agreement = files / "agreement.toml"
            text = agreement.read_text(encoding="utf-8")
            text = text.replace("hand-raise: Demo request", f"hand-raise: {toml(', '.join(names[:AGREED_FORMS]))}")
            agreement.write_text(re.sub(r"(?m)^title +=.*", f'title = "{toml(names[0])}"', text, count=1), encoding="utf-8")
            yield audited(files, folder, heard)


def hostile_names(address: str) -> list[str]:
    return [
        f'<script>alert("ran")</script><script src={address}/script></script>',
        f'"><img src={address}/picture onerror=alert("ran")>',
        "javascript:alert('ran')",
        "Ann \u202eeeL\u202c \u2066hidden\u2069 \x1b[31mred\x07",
        "W" * 10_000,
        "</style><style>body{display:none}</style>{{ 7 * 7 }}",
    ]


def toml(text: str) -> str:
    return text.replace('"', '\\"')


def planted(names: list[str]) -> Iterator[dict[str, Any]]:
    """Owners and teams with hostile names, each with a lead of theirs that nobody called, by a form with such a name."""
    made = "2026-11-17T15:00:00Z"
    for place, name in enumerate(names, start=1):
        team = {"id": str(place), "name": name, "primary": True}
        yield {"object": "teams", "id": str(place), "name": name, "userIds": [str(place)]}
        yield {"object": "owners", "id": f"1{place}", "email": f"o{place}@example.com", "firstName": name, "userId": place, "teams": [team]}
        handed_over = {"lifecyclestage": "marketingqualifiedlead"} if place > AGREED_FORMS else {}
        values = {
            **handed_over,
            "hubspot_owner_id": f"1{place}",
            "recent_conversion_date": made,
            "recent_conversion_event_name": name,
        }
        history = {field: [{"value": value, "timestamp": made, "sourceType": "API"}] for field, value in values.items()}
        yield {"object": "contacts", "id": str(place), "properties": {"createdate": "2026-11-01T00:00:00Z"}, "history": history}


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_page_with_hostile_names_runs_nothing_asks_nobody_and_stays_within_its_width(
    browser: Browser, hostile: Audited, width: int
) -> None:
    with opened(browser, hostile.page, width=width) as (page, noticed):
        page.locator("a").first.click()
        assert (noticed.dialogs, noticed.requests, noticed.console, noticed.errors, hostile.heard) == ([], [], [], [], [])
        assert page.evaluate(BEYOND) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shown = page.locator("body").inner_text()
        assert page.locator("script, img").count() == 0
    assert "<script>alert(" in shown, "the name is there, as text"
    assert "by hand-raise <script>" in shown
    assert 'by hand-raise "><img src=' in shown
    assert "{{ 7 * 7 }}" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x07]", shown)
    assert "W" * 61 not in shown


def test_what_hostile_names_want_to_do_would_be_noticed(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "raw.html"
    with ear() as (address, heard):
        page.write_text(f"<!DOCTYPE html><meta charset=utf-8><p>{' '.join(hostile_names(address))}</p>", encoding="utf-8")
        with opened(browser, page, width=PHONE) as (shown, noticed):
            assert shown.evaluate("document.documentElement.scrollWidth") == PHONE, "hidden by the planted style, so nothing is wide"
    assert set(noticed.dialogs) == {"ran"}
    assert set(heard) == {"/script", "/picture"}
    assert {request.rsplit("/", 1)[1] for request in noticed.requests} == {"script", "picture"}


def test_even_a_script_that_got_into_the_page_would_not_run(browser: Browser, ordinary: Audited, tmp_path: Path) -> None:
    infected = tmp_path / "infected.html"
    with ear() as (address, heard):
        planted = f"<main><script>document.title = 'ran'</script><img src={address}/picture onerror=\"document.title = 'ran'\">"
        infected.write_text(ordinary.page.read_text(encoding="utf-8").replace("<main>", planted), encoding="utf-8")
        with opened(browser, infected) as (page, noticed):
            assert page.title() != "ran"
    assert heard == []
    assert any("Content Security Policy" in line for line in noticed.console)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_page_of_an_ordinary_company_fits_a_phone_and_a_desk(browser: Browser, ordinary: Audited, width: int) -> None:
    with opened(browser, ordinary.page, width=width) as (page, noticed):
        assert (noticed.requests, noticed.console, noticed.errors) == ([], [], [])
        assert page.evaluate(BEYOND) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_figures_are_those_of_the_json(browser: Browser, ordinary: Audited) -> None:
    with opened(browser, ordinary.page) as (page, _):
        figures = page.evaluate(FIGURES)
    findings, steps = ordinary.document["findings"], ordinary.document["steps"]
    assert promises_shown(figures["promises"]) == {
        rule: Counter(f["status"] for f in findings if f["rule"] == rule) for rule in {f["rule"] for f in findings}
    }
    assert broken_shown(figures["sides"]) == Counter(f["side"] for f in findings if f["status"] == "breached")
    owned = [f for f in findings if f["side"] == "owner" and f["owner"]]
    assert broken_shown(figures["owners"]) == Counter(f["owner"] for f in owned if f["status"] == "breached")
    for owner, row in figures["owners"].items():
        kept = sum(f["status"] == "kept" for f in owned if f["owner"] == owner)
        broken = sum(f["status"] == "breached" for f in owned if f["owner"] == owner)
        if owner not in ("nobody", "All owners") and kept + broken:
            assert float(row["Attainment"].rstrip("%")) == pytest.approx(100 * kept / (kept + broken), abs=0.1)
    planned = {action: (row["Planned"], row["Held back"]) for action, row in figures["planned"].items() if action != "All actions"}
    assert planned == {
        action: (str(sum(s["action"] == action for s in steps)), str(sum(s["action"] == action and bool(s["blocked_by"]) for s in steps)))
        for action in {s["action"] for s in steps}
    }


def promises_shown(rows: dict[str, dict[str, str]]) -> dict[str, Counter[str]]:
    words = {"Kept": "kept", "Broken": "breached", "At risk": "at_risk", "Running": "running", "Excused": "excused", "Unknown": "unknown"}
    shown = {rule: row for rule, row in rows.items() if rule != "All promises"}
    return {rule: +Counter({status: int(row[word]) for word, status in words.items()}) for rule, row in shown.items()}


def broken_shown(rows: dict[str, dict[str, str]]) -> Counter[str]:
    return +Counter({key: int(row["Broken"]) for key, row in rows.items() if key not in ("nobody", "All owners")})


def test_the_worst_leads_are_those_overdue_for_the_longest_time(browser: Browser, ordinary: Audited) -> None:
    with opened(browser, ordinary.page) as (page, _):
        leads = page.locator("article.lead").all()
        shown = {
            lead.get_attribute("data-lead"): lead.locator("section.broken").evaluate_all("all => all.map(one => one.dataset.rule)")
            for lead in leads
        }
    standing = [f for f in ordinary.document["findings"] if f["status"] == "breached" and f["settled_at"] is None]
    overdue = [max(f["late_by_s"] for f in standing if f["lead"] == lead and f["rule"] == rules[0]) for lead, rules in shown.items()]
    assert len(overdue) == 20
    assert overdue == sorted(overdue, reverse=True)
    longer = [f for f in standing if f["rule"] == "first_touch" and not f["cycle"]["closed_at"] and f["late_by_s"] > overdue[-1]]
    assert longer
    assert {f["lead"] for f in longer} <= set(shown)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_table_has_headers_and_a_sentence_that_says_how_it_is_counted(browser: Browser, ordinary: Audited, width: int) -> None:
    with opened(browser, ordinary.page, width=width) as (page, _):
        for table in page.get_by_role("table").all():
            headers = table.get_by_role("columnheader").count()
            rows = table.get_by_role("row").all()
            assert headers >= 2
            assert all(row.locator("th, td").count() == headers for row in rows[:3])
            assert all(row.get_by_role("rowheader").count() == 1 for row in rows[1:3])
        counted = page.locator("section:has(> table[data-table]) > .counted")
        assert counted.count() == page.locator("table[data-table]").count() >= 5
        assert all(len(text) > 40 for text in counted.all_inner_texts())


def test_each_of_the_worst_leads_is_explained(browser: Browser, ordinary: Audited) -> None:
    findings = {finding["key"]: finding for finding in ordinary.document["findings"]}
    with opened(browser, ordinary.page) as (page, _):
        leads = page.locator("article.lead").all()
        assert len(leads) == 20
        for lead in leads[:5]:
            told, key = lead.inner_text(), lead.get_attribute("data-lead")
            theirs = [f for f in findings.values() if f["lead"] == key and f["status"] == "breached" and f["settled_at"] is None]
            assert all(evidence["source"] in told for f in theirs for evidence in f["evidence"])
            assert all(why[1:] in told for s in ordinary.document["steps"] if s["lead"] == key for why in s["blocked_by"])


def test_the_page_follows_the_colours_of_the_reader(browser: Browser, ordinary: Audited) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, ordinary.page, scheme="light") as (page, _):
        light = page.evaluate(colour)
    with opened(browser, ordinary.page, scheme="dark") as (page, _):
        assert page.evaluate(colour) != light


def test_only_its_owner_may_read_the_page(ordinary: Audited) -> None:
    assert stat.S_IMODE(ordinary.page.stat().st_mode) == 0o600


def test_a_machine_without_a_browser_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        browser_path()
