"""The practice world as a whole: complete, repeatable, and with nothing in it that has not happened yet."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import chain, pairwise
from random import Random
from typing import Any

import pytest

from sandbox.world.catalogue import ENOUGH_FOR_ALL, STORIES, pick_stories
from sandbox.world.make import World, make_world
from sandbox.world.promises import BULK_ALIKE, BULK_WITHIN
from sandbox.world.stories.strange import STRANGER
from sandbox.world.truth import truth_document
from sync.cli.practice import RULES

NOWS = {
    "a weekday noon": "2026-11-18T17:00:00+00:00",
    "a Sunday night": "2026-11-15T23:30:00+00:00",
    "Thanksgiving": "2026-11-26T16:00:00+00:00",
    "the night the clocks go back in New York": "2026-11-01T05:30:00+00:00",
    "the morning after the clocks went forward in Berlin": "2026-03-30T07:00:00+00:00",
    "a minute after closing": "2026-11-20T22:31:00+00:00",
}
STATUSES = ("running", "at_risk", "kept", "breached", "excused", "unknown")
ACTIVITIES = ("calls", "emails", "meetings", "communications", "tasks", "notes")
ALL = frozenset(STATUSES)
NEVER = {  # what a promise cannot be in a world that was never audited before
    "assigned": frozenset(),
    "touched": frozenset(),
    "decided": frozenset(),
    "settled": {"at_risk", "unknown"},
    "worked": {"at_risk", "unknown"},
    "alive": {"at_risk", "unknown"},
    "answered": {"unknown"},
    "nurtured": {"at_risk", "unknown"},
    "taken over": {"at_risk", "unknown"},
    "fit": {"running", "at_risk", "excused"},
    "offered": {"at_risk", "unknown"},
    "kept back": ALL - {"breached"},
    "reject reason": {"at_risk", "excused", "unknown"},
    "recycle reason": {"at_risk", "excused", "unknown"},
    "given back": {"at_risk", "unknown"},
    "covered": {"at_risk"},
    "few hands": {"running", "excused", "unknown"},
    "sound data": ALL - {"unknown"},
}
MAY_LIE_AHEAD = {"hs_meeting_start_time", "hs_meeting_end_time"}


@cache
def a_world(now: str, seed: int = 7, leads: int = ENOUGH_FOR_ALL) -> World:
    return make_world(leads=leads, seed=seed, now=datetime.fromisoformat(NOWS[now]))


def records(world: World) -> Iterator[dict[str, Any]]:
    return (line for line in world.lines if "history" in line)


@pytest.mark.parametrize("now", NOWS)
def test_there_are_three_of_each_promise_and_status_whenever_now_is(now: str) -> None:
    counts: Counter[tuple[str, str]] = Counter((promise.promise, promise.status) for promise in a_world(now).promises)

    assert [(name, status) for name, never in NEVER.items() for status in ALL - never if counts[name, status] < 3] == []


def test_some_breaches_were_kept_late() -> None:
    late = [promise for promise in a_world("a weekday noon").promises if promise.status == "breached" and " late, " in promise.why]

    assert len(late) > 20


def test_the_same_arguments_make_the_same_world() -> None:
    first, second = (make_world(leads=60, seed=3, now=datetime.fromisoformat(NOWS["a weekday noon"])) for _ in range(2))

    assert first == second
    assert first.lines != make_world(leads=60, seed=4, now=first.now).lines


@pytest.mark.parametrize("now", NOWS)
def test_the_portal_shows_nothing_that_has_not_happened_yet(now: str) -> None:
    world = a_world(now)

    assert [when for record in records(world) for when in _moments(record) if datetime.fromisoformat(when) > world.now] == []


def _moments(record: dict[str, Any]) -> Iterator[str]:
    yield from (version["timestamp"] for versions in record["history"].values() for version in versions)
    ahead = MAY_LIE_AHEAD | ({"hs_timestamp"} if record["object"] in ("meetings", "tasks") else set())
    for name, value in record["properties"].items():
        if name not in ahead and value and value.endswith("Z") and value[:2] == "20":
            yield value


def test_every_association_has_a_target_and_every_owner_exists() -> None:
    world = a_world("a weekday noon")
    there = {(line["object"], line.get("id")) for line in world.lines}
    owners = {version["value"] for record in records(world) for version in record["history"].get("hubspot_owner_id", [])}
    owners -= {STRANGER.owner_id}

    for record in records(world):
        assert all((kind, id_) in there for kind, ids in record["associations"].items() for id_ in ids)
        assert record["object"] not in ACTIVITIES or record["associations"]["contacts"]
    assert all(("owners", owner) in there for owner in owners - {""})
    assert all(("owners", id_) in there for id_ in [*world.placeholders["hubspot"], *(person.ids["hubspot"] for person in world.people)])
    assert {*chain(*world.pools.values())} <= {person.name for person in world.people}


def test_every_record_has_an_id_of_its_own() -> None:
    ids = Counter((line["object"], line["id"]) for line in a_world("a weekday noon").lines if "id" in line)

    assert max(ids.values()) == 1


def test_the_newest_version_of_a_history_is_the_value() -> None:
    for record in records(a_world("a weekday noon")):
        for name, versions in record["history"].items():
            assert record["properties"][name] == versions[0]["value"]
            assert all(newer["timestamp"] >= older["timestamp"] for newer, older in pairwise(versions))


def test_a_third_of_the_contacts_never_reach_a_handoff() -> None:
    world = a_world("a weekday noon")
    contacts = {f"hubspot/contact/{line['id']}" for line in world.lines if line["object"] == "contacts"}
    judged = {promise.record for promise in world.promises if promise.promise == "assigned"}

    assert len(contacts) == ENOUGH_FOR_ALL
    assert judged <= contacts
    assert 0.6 < len(judged) / len(contacts) < 0.7


def test_mail_and_messages_are_alike_by_the_dozen_only_where_the_story_says_so() -> None:
    alike: dict[tuple[str | None, ...], list[datetime]] = defaultdict(list)
    for record in records(a_world("a weekday noon", leads=1500)):
        what = record["properties"]
        told = str(what.get("hs_email_subject")).startswith("Planning notes") or what.get("hs_call_title") == "Dial round"
        if record["object"] in ACTIVITIES and not told:
            sort = (record["object"], what["hubspot_owner_id"], what.get("hs_email_subject"), what.get("hs_call_disposition"))
            alike[(*sort, what.get("hs_call_duration"))].append(datetime.fromisoformat(what["hs_createdate"]))

    assert [sort for sort, logged in alike.items() if sort[0] != "meetings" and _is_bulk(sorted(logged))] == []


def _is_bulk(logged: list[datetime]) -> bool:
    return any(last - first <= BULK_WITHIN for first, last in zip(logged, logged[BULK_ALIKE - 1 :], strict=False))


def test_bulk_mail_goes_out_by_the_dozen_within_four_minutes() -> None:
    logged: dict[str, list[datetime]] = defaultdict(list)
    for record in records(a_world("a weekday noon", leads=1500)):
        if str(record["properties"].get("hs_email_subject")).startswith("Planning notes"):
            logged[record["properties"]["hs_email_subject"]].append(datetime.fromisoformat(record["properties"]["hs_createdate"]))
    sizes = {len(mails) for mails in logged.values()}

    assert sizes & set(range(BULK_ALIKE + 2, BULK_ALIKE + 6))
    assert BULK_ALIKE - 1 in sizes
    assert all(max(mails) - min(mails) <= timedelta(minutes=4) for mails in logged.values())


@pytest.mark.parametrize("leads", [0, 1, 10, 59])
def test_a_small_world_is_a_world(leads: int) -> None:
    world = make_world(leads=leads, seed=1, now=datetime.fromisoformat(NOWS["a Sunday night"]))

    assert leads == sum(line["object"] == "contacts" for line in world.lines)


def test_the_people_work_in_three_time_zones_under_managers() -> None:
    world = a_world("a weekday noon")
    names = {person.name for person in world.people}

    assert {"default", "berlin", "pacific"} == {person.calendar for person in world.people}
    assert [person.manager_name for person in world.people if person.manager_name not in names] == [None]
    assert any(line["object"] == "owners" and line["archived"] for line in world.lines)
    assert any(line["object"] == "owners" and line["type"] == "QUEUE" for line in world.lines)


def test_the_truth_document_names_the_rules_and_writes_times_as_the_crm_does() -> None:
    document = truth_document(a_world("a weekday noon"), RULES)
    row = document["promises"][0]

    assert document["now"] == "2026-11-18T17:00:00.000Z"
    assert list(row) == ["record", "rule", "started_at", "status", "due_at", "side", "why"]
    assert set(RULES.values()) - {"not_delivered", "drift"} == {row["rule"] for row in document["promises"]}
    assert all(row[name] is None or row[name].endswith("Z") for row in document["promises"] for name in ("started_at", "due_at"))
    assert document == json.loads(json.dumps(document))


def test_every_reason_why_an_activity_is_no_touch_is_told_of_an_activity_that_exists() -> None:
    world = a_world("a weekday noon")
    rows = truth_document(world, RULES)["touches"]
    there = {(line["object"], line["id"]) for line in records(world)}
    kinds = {"call": "calls", "email": "emails", "communication": "communications", "meeting": "meetings"}

    for row in rows:
        _, kind, id_ = row["activity"].split("/")
        assert (kinds[kind], id_) in there
    assert {"first_touch", "work_the_lead"} == {row["rule"] for row in rows}
    assert {row["reason"] for row in rows} == {
        *("automated", "before the handoff", "booked, no outcome logged", "bounced", "by somebody else than the owner", "cancelled"),
        *("connected, but too short", "failed", "has not happened yet", "inbound", "logged in bulk", "planned, not done", "rescheduled"),
        *("a sequence does not answer a hand-raise", "too soon after the last", "wrong channel"),
    }


def test_only_what_cannot_be_known_lacks_a_time() -> None:
    for promise in a_world("Thanksgiving").promises:
        if promise.started_at is None:
            assert promise.status == "unknown" or promise.promise in ("fit", "covered"), promise
        if promise.due_at is None:
            assert promise.started_at is None or promise.promise in ("few hands", "sound data"), promise


def test_a_complete_world_tells_every_story() -> None:
    picked = pick_stories(STORIES, count=ENOUGH_FOR_ALL - ENOUGH_FOR_ALL // 3, complete=True, readers=50, rng=Random(1))

    assert all(picked.count(story) >= story.least for story in STORIES)
