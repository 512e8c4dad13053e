"""Portal files, the control path, and `python -m sandbox`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3

from sandbox.lines import BadLines
from sandbox.load import load
from sandbox.portal import Portal
from sandbox.server import Served, serve
from tests.contract.practice import NOW, Caller, a_portal

GOOD = '{"object":"contacts","id":"1","properties":{"email":"a@example.com"}}'


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(a_portal()) as served:
        yield served


def control(served: Served, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, object]]:
    answer = urllib3.request(method, f"{served.url}/_sandbox/{path}", body=body)
    return answer.status, answer.json()


def problems_of(tmp_path: Path, *lines: str) -> list[str]:
    file = tmp_path / "portal.jsonl"
    file.write_text("\n".join(lines))
    with pytest.raises(BadLines) as found:
        load(file, now=NOW)
    return [text.replace(f"{tmp_path}/", "") for text in found.value.problems]


def test_a_file_is_loaded_whatever_the_order_of_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "portal.jsonl"
    own = '{"object":"properties","objectType":"contacts","name":"born","type":"date"}'
    contact_line = '{"object":"contacts","id":"1","properties":{"born":"86400000"},"associations":{"deals":["2"]}}'
    file.write_text("\n".join([contact_line, "", '{"object":"deals","id":"2"}', own]))
    portal = load(file, now=NOW)
    contact = portal.find("contacts", 1)
    assert contact is not None
    assert (contact.value("born"), contact.links, portal.record("deals", 2).links) == (
        "1970-01-02",
        {"deals": {2: False}},
        {"contacts": {1: False}},
    )


def test_times_of_a_record_come_from_its_history_or_the_clock() -> None:
    history = {"hs_lead_status": [{"value": v, "timestamp": t} for v, t in (("OPEN", "1762000000123"), ("NEW", "2025-11-01T00:00:00Z"))]}
    portal = Portal.from_lines(
        [{"object": "contacts", "id": "1", "history": history}, {"object": "contacts", "id": "2", "properties": {"x": "y"}}], now=NOW
    )
    first, second = portal.collections["contacts"]
    assert (first.value("hs_lead_status"), first.value("createdate"), first.value("lastmodifieddate")) == (
        "OPEN",
        "2025-11-01T00:00:00Z",
        "2025-11-01T12:26:40.123Z",
    )
    assert second.value("createdate") == "2026-11-20T15:00:00Z"
    assert (portal.definitions["contacts"]["x"].type, portal.definitions["contacts"]["x"].hubspot_defined) == ("string", False)


def test_a_record_as_hubspot_answers_it_can_be_loaded_as_it_is(tmp_path: Path) -> None:
    answer = {
        "object": "contact",
        "id": 512,
        "properties": {"email": "a@example.com", "hs_email_optout": True, "hubspotscore": 60.0},
        "createdAt": "2026-11-01T10:00:00Z",
        "updatedAt": "2026-11-02T10:00:00Z",
        "archived": False,
        "url": "https://app.hubspot.com/contacts/1/record/0-1/512",
    }
    path = tmp_path / "portal.jsonl"
    path.write_text(json.dumps({**answer, "object": "contacts"}))
    record = load(path, now=datetime(2026, 11, 20, tzinfo=UTC)).find("contacts", 512)
    assert record is not None
    assert {name: record.properties[name] for name in ("hs_email_optout", "hubspotscore", "createdate")} == {
        "hs_email_optout": "true",
        "hubspotscore": "60",
        "createdate": "2026-11-01T10:00:00Z",
    }


def test_an_activity_that_says_only_when_it_happened_was_logged_then(tmp_path: Path) -> None:
    path = tmp_path / "portal.jsonl"
    path.write_text('{"object": "calls", "id": "7", "properties": {"hs_timestamp": "2026-11-18T15:00:00Z"}}')
    record = load(path, now=datetime(2026, 11, 20, tzinfo=UTC)).find("calls", 7)
    assert record is not None
    assert record.properties["hs_createdate"] == "2026-11-18T15:00:00Z"


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        GOOD,
        "{nonsense",
        '{"object":"gizmos","id":"2"}',
        '{"id":"2"}',
        '{"object":"contacts","id":"x","properties":{"firstname":["x"]},"colour":"red"}',
        '{"object":"contacts","id":"1"}',
        '{"object":"contacts","id":"3","properties":{"email":"A@example.com","closedate":"soon"}}',
        '{"object":"contacts","id":"4","associations":{"companies":["9"],"gizmos":["1"]}}',
        '{"object":"contacts","id":"5","associations":{"companies":["9"]}}',
        '{"object":"contacts","id":"6","history":{"email":[{"value":"x","timestamp":"soon"}]}}',
        '{"object":"owners"}',
    )
    assert [text.split(", expected")[0] for text in found] == [
        'portal.jsonl:2: found "{nonsense"',
        'portal.jsonl:3: object: found "gizmos"',
        'portal.jsonl:4: found no "object"',
        "portal.jsonl:5: colour: found a key that this object does not have",
        'portal.jsonl:5: id: found "x"',
        'portal.jsonl:5: properties.firstname: found ["x"]',
        'portal.jsonl:6: id: found "contacts 1"',
        'portal.jsonl:7: email: found "a@example.com"',
        'portal.jsonl:7: properties.closedate: found "soon"',
        'portal.jsonl:8: associations.gizmos.[key]: found "gizmos"',
        'portal.jsonl:9: associations.companies: found "9"',
        'portal.jsonl:10: history.email.0.timestamp: found "soon"',
        "portal.jsonl:11: id: found nothing",
    ]
    assert all("expected " in text for text in found)


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "America", "x" * 300])
def test_an_account_in_an_unknown_zone_is_refused(tmp_path: Path, zone: str) -> None:
    (found,) = problems_of(tmp_path, json.dumps({"object": "account", "timeZone": zone}))
    assert found.startswith("portal.jsonl:1: timeZone: found ")
    assert found.endswith("expected a time zone such as America/New_York")


def test_a_number_that_is_none_is_refused_and_a_long_one_kept_whole(tmp_path: Path) -> None:
    (found,) = problems_of(tmp_path, '{"object":"deals","id":"1","properties":{"amount":"1_000"}}')
    assert found == 'portal.jsonl:1: properties.amount: found "1_000", expected a decimal number such as 42 or 0.5'
    portal = Portal.from_lines([{"object": "deals", "id": "1", "properties": {"amount": 1234567.25}}], now=NOW)
    assert portal.record("deals", 1).value("amount") == "1234567.25"


def test_problems_are_told_in_json_and_not_in_pythons_words(tmp_path: Path) -> None:
    found = problems_of(tmp_path, '{"object":"contacts","id":true}', '{"object":"owners","id":"1","type":null}')
    assert [text.split(", expected")[0] for text in found] == ["portal.jsonl:1: id: found true", "portal.jsonl:2: type: found null"]
    assert '"PERSON" or "QUEUE"' in found[1]


@pytest.mark.parametrize("line", ["1", "null", '"x"', "[]"])
def test_a_line_that_is_no_object_is_refused_in_the_files_own_words(tmp_path: Path, line: str) -> None:
    assert problems_of(tmp_path, line) == [f"portal.jsonl:1: found {line}, expected a JSON object"]


def test_the_clock_stands_until_it_is_set_or_advanced(served: Served) -> None:
    assert control(served, "GET", "clock") == (200, {"now": "2026-11-20T15:00:00Z"})
    assert control(served, "POST", "clock", '{"advance_s": 90.5}') == (200, {"now": "2026-11-20T15:01:30.500Z"})
    assert control(served, "POST", "clock", '{"now": "2026-11-21T09:00:00+01:00"}') == (200, {"now": "2026-11-21T08:00:00Z"})
    _, _, headers = Caller(served)("GET", "/crm/v3/owners")
    assert headers["date"] == "Sat, 21 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize("body", ["", "{}", '{"now": "soon"}', '{"advance_s": "x"}', '{"now": "2026-01-01", "advance_s": 1}'])
def test_a_clock_that_is_set_to_nonsense_says_what_it_expects(served: Served, body: str) -> None:
    status, answer = control(served, "POST", "clock", body)
    assert status == 400
    assert "expected" in str(answer["problems"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"now": "1970-12-31T23:59:59Z"}', "1971 to 2199"),
        ('{"now": "2200-01-01T00:00:00Z"}', "1971 to 2199"),
        ('{"now": "0001-01-01T00:00:00+14:00"}', "1971 to 2199"),
        ('{"now": "9999-12-31T23:59:59-14:00"}', "1971 to 2199"),
        ('{"now": "2026-11-20T14:59:59.999Z"}', "never goes back"),
        ('{"now": "2026-11-21T09:00:00"}', "with its zone"),
        ('{"now": true}', "advance_s"),
        ('{"advance_s": true}', "advance_s"),
        ('{"advance_s": -1}', "never goes back"),
        ('{"advance_s": 6000000000}', "2199"),
        ('{"advance_s": 1e300}', "2199"),
        ('{"advance_s": 1e400}', "expected"),
    ],
)
def test_a_clock_is_not_moved_back_or_out_of_its_years(served: Served, body: str, said: str) -> None:
    status, answer = control(served, "POST", "clock", body)
    assert status == 400
    assert said in str(answer["problems"])
    assert control(served, "GET", "clock") == (200, {"now": "2026-11-20T15:00:00Z"})


def test_a_clock_may_be_set_to_what_it_shows(served: Served) -> None:
    assert control(served, "POST", "clock", '{"now": "2026-11-20T15:00:00Z"}')[0] == 200
    assert control(served, "POST", "clock", '{"advance_s": 0}')[0] == 200


def test_a_live_clock_runs() -> None:
    portal = Portal(NOW, live=True)
    assert NOW <= portal.clock.now() <= portal.clock.now()


def test_a_live_clock_may_be_advanced_by_nothing_at_all() -> None:
    portal = Portal(NOW, live=True)
    for _ in range(1000):
        portal.clock.advance(timedelta())
    assert portal.clock.now() >= NOW


def test_calls_are_logged_and_counted_reads_and_writes_apart(served: Served) -> None:
    call = Caller(served)
    call("GET", "/crm/v3/objects/contacts?limit=1")
    call("POST", "/crm/v3/objects/contacts/search", {})
    call("PATCH", "/crm/objects/2026-09/contacts/999", {"properties": {}})
    _, answer = control(served, "GET", "requests?after=1")
    rows = answer["requests"]
    assert isinstance(rows, list)
    assert [(row["method"], row["path"], row["status"], row["is_write"]) for row in rows] == [
        ("POST", "/crm/v3/objects/contacts/search", 200, False),
        ("PATCH", "/crm/objects/2026-09/contacts/999", 404, True),
    ]
    _, stats = control(served, "GET", "stats")
    assert (stats["calls"], stats["reads"], stats["writes"]) == (3, 2, 1)


def test_further_records_are_planted_while_it_runs(served: Served) -> None:
    lines = '{"object":"calls","id":"900","properties":{"hs_timestamp":"2026-11-20T14:00:00Z"},"associations":{"contacts":["102","201"]}}\n'
    lines += '{"object":"contacts","id":"201","properties":{"email":"late@example.com"}}'
    assert control(served, "POST", "records", lines) == (200, {"planted": 2})
    call = Caller(served)
    assert call.get("/crm/v4/objects/contacts/201/associations/calls")["results"][0]["toObjectId"] == 900
    eve = call.get("/crm/v3/objects/contacts/102?properties=notes_last_contacted")
    assert eve["properties"]["notes_last_contacted"] == "2026-11-20T14:00:00Z"
    assert eve["updatedAt"] == "2026-11-20T15:00:00Z"


def test_a_record_planted_again_takes_the_place_of_the_first_and_keeps_its_associations(served: Served) -> None:
    assert control(served, "POST", "records", '{"object":"contacts","id":"101","properties":{"email":"ada@new.example"}}')[0] == 200
    call = Caller(served)
    ada = call.get("/crm/v3/objects/contacts/ada@new.example?idProperty=email&properties=email,firstname&associations=companies")
    assert (ada["id"], ada["properties"]["firstname"], len(ada["associations"]["companies"]["results"])) == ("101", None, 3)
    assert call("GET", "/crm/v3/objects/contacts/ada@example.com?idProperty=email")[0] == 404


def test_bad_lines_are_refused_and_none_is_planted(served: Served) -> None:
    lines = '{"object":"contacts","id":"201"}\n{"object":"contacts","id":"202","properties":{"email":"eve@example.com","a":1}}'
    status, answer = control(served, "POST", "records", lines)
    assert status == 400
    assert "line 2" in str(answer["problems"])
    assert Caller(served)("GET", "/crm/v3/objects/contacts/201")[0] == 404


def run(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox", "--now", "2026-11-20T15:00Z", *arguments]
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2] / "src"), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})


def test_the_program_says_where_it_answers_and_stops_when_told(tmp_path: Path) -> None:
    file = tmp_path / "portal.jsonl"
    file.write_text(GOOD)
    with run("--load", str(file), "--port", "0", "--token", "other") as program:
        assert program.stdout is not None
        line = program.stdout.readline().strip()
        answer = urllib3.request("GET", f"{line.split()[-1]}/crm/v3/objects/contacts/1", headers={"Authorization": "Bearer other"})
        program.terminate()
    assert line.startswith("practice HubSpot at http://127.0.0.1:")
    assert (answer.status, answer.headers["date"]) == (200, "Fri, 20 Nov 2026 15:00:00 GMT")


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00+14:00", "2200-01-01T00:00Z", "1970-01-01"])
def test_the_program_begins_in_the_years_of_its_clock(now: str) -> None:
    program = run("--now", now)
    said = program.communicate()[1]
    assert program.returncode == 2
    assert f"{now} is not in the years 1971 to 2199" in said


def test_the_program_refuses_a_bad_file_a_missing_one_and_a_taken_port(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"object":"contacts","id":"x"}\n{"object":"owners"}')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        programs = [run("--load", str(bad)), run("--load", str(tmp_path / "no")), run("--port", str(taken.getsockname()[1]))]
        said = [(program.communicate()[1], program.returncode) for program in programs]
    assert [code for _, code in said] == [2, 2, 2]
    assert all("fix: " in text and "Traceback" not in text for text, _ in said)
    assert 'bad.jsonl:1: id: found "x"' in said[0][0]
    assert "bad.jsonl:2: id: found nothing" in said[0][0]
