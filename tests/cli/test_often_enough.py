"""How often a lead is moved, from outside: not beyond the bounce limit, and not back to Sales in the cool-off."""

from __future__ import annotations

from pathlib import Path

from tests.flow.enforcing import HOUR_S, Enforced, enforced, sign
from tests.flow.people import People
from tests.flow.practice import leadpact

OWNER = "hubspot_owner_id"
WORKFLOW = {"sourceType": "AUTOMATION_PLATFORM", "sourceId": "123"}
DAY_S = 24 * HOUR_S
OFTEN = '["reassign", "reassign", "reassign"]'


def of_each_owner(one: Enforced) -> None:
    """Let the first touch be owed anew by each owner, and leadpact have judged by that."""
    agreement = one.files / "agreement.toml"
    text = agreement.read_text(encoding="utf-8").partition("\n[[signature]]")[0]
    of_lead = 'starts   = "handoff"\nkept_by  = "touch"'
    assert of_lead in text
    sign(agreement, text.replace(of_lead, 'starts   = "assigned"\nkept_by  = "touch"'))
    one.run("sync", "--dry-run")
    one.run("sync")
    one.world.people.rest(60)


def told(one: Enforced, lead: str) -> str:
    """Return what the last run says of a lead."""
    return leadpact("show", "last", "--lead", one.key(lead), "--config", str(one.files / "config.toml")).stdout


def test_a_lead_is_moved_as_often_as_agreed_and_one_that_went_back_is_left_to_marketing_until_it_cooled_off(tmp_path: Path) -> None:
    with enforced("hubspot", tmp_path, leads=0, hours=0, ladder=OFTEN) as one:
        people, first = one.world.people, one.present()[0]
        assert isinstance(people, People)
        of_each_owner(one)
        bounced, back = one.hand_over(first, 1), one.hand_over(first, 2)
        people.rest(60)
        people.reject(back)
        owners = [one.owner(bounced)]

        for days in (3, 1):  # from a Friday on
            people.rest(days * DAY_S)
            assert " 0 failed" in one.run("sync")
            owners.append(one.owner(bounced))
        recycled = people.ask("GET", f"/crm/v3/objects/contacts/{back}?properties=hs_lead_status")["properties"]["hs_lead_status"]
        writes = one.world.writes()
        for values in ({"lifecyclestage": "lead"}, {"lifecyclestage": "marketingqualifiedlead", "hs_lead_status": "NEW", OWNER: first}):
            people.rest(60)
            people._plant(back, values, WORKFLOW)
        people.rest(20 * HOUR_S)
        said = one.run("sync")

        assert len(set(owners)) == 3, "given to somebody new each time"
        assert (one.owner(bounced), recycled) == (owners[-1], "RECYCLED")
        assert "blocked: bounce_limit: changed hands 2 times; 2 are agreed" in told(one, bounced)
        assert ("0 written" in said, one.world.writes()) == (True, writes)
        assert "reassign" not in told(one, back), "what qualified again in the cool-off is no promise of Sales"

        asked = {"recent_conversion_date": people.now(), "recent_conversion_event_name": "Demo request"}
        people._plant(back, asked, {"sourceType": "FORM"})
        people.rest(8 * HOUR_S)
        assert " 0 failed" in one.run("sync")
        assert one.owner(back) not in (first, None), "who raises a hand is not made to wait"
