"""The lines of an invented company in two CRMs: both can be loaded, and tell of the same people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from random import Random

from sandbox.portal import Portal
from sandbox.salesforce.org import Org
from sandbox.world.both.places import NOWHERE, ONLY_IN_HUBSPOT
from sandbox.world.both.telling import BothTelling
from sandbox.world.catalogue import STORIES, pick_stories
from sandbox.world.make import make_world
from tests.unit.both_world import NOON, a_world, hubspots, pointers, salesforces


def test_the_same_arguments_make_the_same_world() -> None:
    first, second = (make_world(leads=60, seed=3, now=datetime.fromisoformat(NOON), crm="both") for _ in range(2))

    assert first == second


def test_a_portal_and_an_org_under_one_clock_take_the_lines() -> None:
    world = a_world()

    portal = Portal.from_lines([line for line in world.lines if "attributes" not in line], now=world.now)
    org = Org.from_lines([line for line in world.lines if "attributes" in line], now=world.now, clock=portal.clock)

    found = org.select("SELECT COUNT() FROM Lead WHERE IsDeleted = false", org.caller())
    assert found.total > 250
    assert org.clock is portal.clock


def test_every_story_is_known_and_all_but_those_of_a_missing_history_are_told() -> None:
    titles = {story.title for story in STORIES}
    told = {story.title for story in BothTelling.stories}
    leads = BothTelling.enough_for_all - BothTelling.enough_for_all // 3
    picked = pick_stories(BothTelling.stories, count=leads, complete=True, readers=50, rng=Random(1))

    assert {*NOWHERE, *ONLY_IN_HUBSPOT} <= titles
    assert told >= titles - NOWHERE
    assert {story.title for story in picked} >= told


def test_some_are_in_both_and_some_in_one_alone() -> None:
    world = a_world()
    leads = {line["Id"][:15] for line in salesforces(world, "Lead") if not line["IsDeleted"]}
    contacts = {line["id"] for line in hubspots(world, "contacts")}
    named = set(pointers(world).values())

    assert len(named & leads) > 200
    assert len(contacts - set(pointers(world))) > 100
    assert len(leads - named) > 40


def test_only_stories_of_a_pointer_to_nothing_have_one() -> None:
    world = a_world()
    leads = {line["Id"][:15] for line in salesforces(world, "Lead")}
    told = {row.record for row in world.promises if row.promise == "sound data" and row.why.endswith("pointer to nothing")}

    assert {f"hubspot/contact/{contact}" for contact, lead in pointers(world).items() if lead not in leads} == told
    assert len(told) >= 6


def test_a_contact_that_was_converted_names_the_contact_too() -> None:
    world = a_world()
    converted = {line["Id"][:15]: line["ConvertedContactId"] for line in salesforces(world, "Lead") if line["IsConverted"]}
    told = {line["id"]: line["properties"].get("salesforcecontactid") for line in hubspots(world, "contacts")}
    named = {contact: id_[:15] for contact, id_ in told.items() if id_}

    assert set(named.values()) <= {id_[:15] for id_ in converted.values()}
    assert {contact for contact, lead in pointers(world).items() if lead in converted} < set(named)
    assert len(named) > 20


def test_nobody_has_the_address_of_another_but_where_a_story_says_so() -> None:
    world = a_world()
    counts = Counter(line["Email"].casefold() for line in salesforces(world, "Lead") if line["Email"])
    doubted = {row.record for row in world.promises if row.why.endswith("address of several records")}

    of_both = {record for record in doubted if record.startswith("hubspot/")}

    assert (len(of_both) >= 6, len(doubted) > len(of_both)) == (True, True)
    assert sum(count > 1 for count in counts.values()) == len(of_both)


def test_a_lead_that_was_merged_away_is_in_the_bin_and_names_its_master() -> None:
    world = a_world()
    ids = {line["Id"] for line in salesforces(world, "Lead")}
    merged = [line for line in salesforces(world, "Lead") if line.get("MasterRecordId")]

    assert len(merged) >= 3
    assert all(line["IsDeleted"] and line["MasterRecordId"] in ids for line in merged)


def test_neither_shows_what_has_not_happened_yet() -> None:
    world = a_world()
    stamps = [line[name] for line in world.lines if "attributes" in line for name in ("CreatedDate", "SystemModstamp") if name in line]
    entries = [entry["timestamp"] for line in hubspots(world, "contacts") for told in line["history"].values() for entry in told]

    assert [when for when in (*stamps, *entries) if datetime.fromisoformat(when) > world.now] == []


def test_everybody_has_an_owner_id_in_both_and_so_does_the_placeholder() -> None:
    world = a_world()
    users = {line["Id"] for line in salesforces(world, "User")}
    owners = {line["id"] for line in hubspots(world, "owners")}

    assert {person.ids["hubspot"] for person in world.people} <= owners
    assert {person.ids["salesforce"] for person in world.people} <= users
    assert set(world.placeholders) == {"hubspot", "salesforce"}
