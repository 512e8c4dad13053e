"""What becomes of a step whose parts do not all arrive: finished, put back, or left as far as it came; with a real CRM and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from connectors.changes import Change
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.mapping import VOCABULARY
from connectors.memberships import MEMBER
from connectors.records import RecordKey
from sync.journal import Event, Place, what_stands
from sync.left_open import left_open
from sync.route import Given, Seat
from sync.send import Part, Sender
from sync.settle import Settler
from sync.steps import FieldWrite, Step
from sync.store.database import Database
from sync.store.journal import Journal
from sync.store.ledger import Ledger, Turn
from sync.store.mirror import Mirror
from sync.store.plans import Plans
from sync.tried import Tried
from tests.contract.test_connector_hubspot import PracticeHubSpot, practice_hubspot
from tests.flow.test_store_journal import a_plan

STAGE, OWNER = "lifecyclestage", "hubspot_owner_id"
VOCABULARIES = {"hubspot": VOCABULARY}


@pytest.fixture(scope="module")
def portal() -> Iterator[PracticeHubSpot]:
    with practice_hubspot() as portal:
        yield portal


@dataclass(frozen=True, kw_only=True)
class Written:
    """One step of a plan that is carried out part by part."""

    store: Database
    portal: PracticeHubSpot
    step: Step
    plan: int
    sender: Sender

    @property
    def record(self) -> RecordKey:
        return self.step.record

    @property
    def settler(self) -> Settler:
        return Settler(sender=self.sender, mirror=Mirror(self.store, VOCABULARIES), ledger=Ledger(self.store))

    def send(self, *parts: dict[str, str | None], before: dict[str, str | None]) -> Tried:
        """Note all parts, and send them until one fails."""
        made = [Part(place=Place(self.plan, 0, n), change=Change(record=self.record, values=values)) for n, values in enumerate(parts)]
        held, noted = dict(before), {}
        for part in made:
            noted[part.place] = {name: held.get(name) for name in part.change.values}
            held |= part.change.values
        intents, failed = self.sender.intend(made, noted), {}
        for part in made:
            (event,) = self.sender.send([part]).values()
            if event is not Event.DONE:
                failed[part.place] = event
                break
        return Tried(step=self.step, intents=tuple(intents), failed=failed)

    def events(self) -> list[Event]:
        """Return what is noted last about each part."""
        noted = Journal(self.store).of_plan(self.plan)
        return [entry.event for _, entry in sorted(what_stands(noted).items())]


@pytest.fixture
def written(store: Database, portal: PracticeHubSpot, request: pytest.FixtureRequest) -> Written:
    person = portal.persons[request.param]
    record = RecordKey("hubspot", "contact", person)
    step = Step(
        lead=str(record),
        record=record,
        action="recycle",
        fields=(FieldWrite(field=STAGE, before="customer", after="lead"),),
        finding="f",
        rule="recycle_due",
        rung=1,
        reason="broken",
        blocked_by=(),
    )
    run, plan = a_plan(store, step)
    connector: HubSpot = portal.connector()
    account = connector.account()
    Mirror(store, VOCABULARIES).bind_account("hubspot", account.id)
    sender = Sender(writers={"hubspot": connector}, journal=Journal(store), run_id=run, now=account.server_now)
    connector.write([Change(record=record, values={STAGE: "customer"})])
    return Written(store=store, portal=portal, step=step, plan=plan, sender=sender)


BETWEEN = ({STAGE: None}, {STAGE: "no such stage"})
BEFORE = {STAGE: "customer"}


@pytest.mark.parametrize("written", [0], indirect=True)
def test_a_stage_that_was_cleared_for_one_that_is_refused_is_set_again_as_it_was(written: Written) -> None:
    tried = written.send(*BETWEEN, before=BEFORE)
    assert written.portal.value_of(written.record.id, STAGE) is None

    (settled,) = written.settler.settle([tried])

    assert settled.event is Event.REFUSED
    assert written.portal.value_of(written.record.id, STAGE) == "customer"
    assert written.events() == [Event.VERIFIED, Event.REFUSED, Event.VERIFIED]
    assert left_open(Journal(written.store), Plans(written.store)) == []


@pytest.mark.parametrize("written", [1], indirect=True)
def test_so_does_the_next_run_where_this_one_was_killed_before_it_could(written: Written) -> None:
    written.send(*BETWEEN, before=BEFORE)

    (found,) = left_open(Journal(written.store), Plans(written.store))
    (settled,) = written.settler.settle([found])

    assert (settled.event, written.portal.value_of(written.record.id, STAGE)) == (Event.REFUSED, "customer")
    assert left_open(Journal(written.store), Plans(written.store)) == []


@pytest.mark.parametrize("written", [4], indirect=True)
def test_what_a_crm_put_off_between_clearing_and_setting_is_set_by_the_next_run(written: Written) -> None:
    written.portal.fault(status=429, after=1, count=1)
    tried = written.send({STAGE: None}, {STAGE: "lead"}, before=BEFORE)
    assert (written.portal.value_of(written.record.id, STAGE), [*tried.failed.values()]) == (None, [Event.LATER])

    (found,) = left_open(Journal(written.store), Plans(written.store))
    (settled,) = written.settler.settle([found])

    assert (settled.event, written.portal.value_of(written.record.id, STAGE)) == (Event.VERIFIED, "lead")
    assert written.events() == [Event.VERIFIED, Event.VERIFIED]


@pytest.mark.parametrize("written", [5], indirect=True)
def test_a_step_that_was_put_off_twice_is_set_again_as_it_was_and_planned_anew(written: Written) -> None:
    written.portal.fault(status=429, after=1, count=2)
    tried = written.send({STAGE: None}, {STAGE: "lead"}, before=BEFORE)

    (settled,) = written.settler.settle([replace(tried, failed={})])

    assert (settled.event, written.portal.value_of(written.record.id, STAGE)) == (Event.LATER, "customer")
    assert written.events() == [Event.NOT_WRITTEN] * 3
    assert "429" in (settled.said or "")
    assert left_open(Journal(written.store), Plans(written.store)) == []
    assert Journal(written.store).fired() == frozenset(), "its rung is due still"


@pytest.mark.parametrize(("written", "went_on"), [(6, False), (7, True)], indirect=["written"])
def test_a_list_that_was_put_off_is_joined_by_the_next_run_unless_the_record_was_changed_since(written: Written, went_on: bool) -> None:
    field = written.portal.a_list(f"Put off {went_on}")
    place = Place(written.plan, 0, 1)
    tried = written.send({OWNER: "77"}, before={OWNER: "78"})
    (intent,) = written.sender.intend(
        [Part(place=place, change=Change(record=written.record, values={field: MEMBER}))], {place: {field: None}}
    )
    written.sender.note([place], Event.LATER, "busy")
    (put_off,) = written.settler.settle([replace(tried, intents=(*tried.intents, intent), failed={place: Event.LATER})])
    assert (put_off.event, put_off.said, written.events()) == (Event.LATER, "busy", [Event.VERIFIED, Event.LATER])

    (found,) = left_open(Journal(written.store), Plans(written.store))
    assert found.put_off == {place}
    if went_on:
        written.portal.connector().write([Change(record=written.record, values={OWNER: "78"})])
    another_run = replace(written, sender=replace(written.sender, said={}))
    (settled,) = another_run.settler.settle([found])

    expected = Event.MOVED_ON if went_on else Event.VERIFIED
    assert (settled.event, written.events()) == (expected, [Event.VERIFIED, Event.NOT_WRITTEN if went_on else Event.VERIFIED])
    on_it = {written.record: {field: None if went_on else MEMBER}}
    assert written.portal.connector().memberships([written.record], [field]) == on_it
    assert left_open(Journal(written.store), Plans(written.store)) == []


@pytest.mark.parametrize("written", [2], indirect=True)
def test_a_list_that_is_gone_refuses_and_the_fields_before_it_stand(written: Written) -> None:
    field = written.portal.a_list("Gone")
    written.portal.drop_list(field)
    tried = written.send({OWNER: "77"}, {field: MEMBER}, before={OWNER: "78", field: None})

    (settled,) = written.settler.settle([tried])

    words = f"OBJECT_NOT_FOUND: List {field.partition(':')[2]} does not exist."
    assert (settled.event, settled.said) == (Event.REFUSED, words)
    assert written.portal.value_of(written.record.id, OWNER) == "77"
    assert written.events() == [Event.VERIFIED, Event.REFUSED]
    (refused,) = [one.said for one in Journal(written.store).of_plan(written.plan) if one.event is Event.REFUSED]
    assert refused == words


@pytest.mark.parametrize("written", [3], indirect=True)
def test_a_list_that_was_never_reached_is_joined_by_the_next_run(written: Written) -> None:
    field = written.portal.a_list("Nurture")
    tried = written.send({OWNER: "77"}, before={OWNER: "78"})
    part = Part(place=Place(written.plan, 0, 1), change=Change(record=written.record, values={field: MEMBER}))
    written.sender.intend([part], {part.place: {field: None}})

    (found,) = left_open(Journal(written.store), Plans(written.store))
    (settled,) = written.settler.settle([found])

    assert (len(tried.intents), len(found.intents)) == (1, 2)
    assert (settled.event, written.events()) == (Event.VERIFIED, [Event.VERIFIED, Event.VERIFIED])
    assert written.portal.connector().memberships([written.record], [field]) == {written.record: {field: MEMBER}}


@pytest.mark.parametrize("written", [4], indirect=True)
def test_an_edit_that_the_crm_does_not_take_back_is_told_with_its_words_and_tried_no_more(written: Written) -> None:
    """A person gives the lead to somebody right before we give it to another; when it is to be put back, they have left."""
    portal, lead = written.portal, written.record.id
    part = Part(place=Place(written.plan, 0), change=Change(record=written.record, values={OWNER: "77"}))
    with portal.somebody("80") as leaves:
        intents = written.sender.intend([part], {part.place: {OWNER: "78"}})
        portal.give(lead, "80")
        written.sender.send([part])
        leaves()
        (settled,) = written.settler.settle([Tried(step=written.step, intents=tuple(intents), failed={})])

    assert (settled.event, portal.value_of(lead, OWNER)) == (Event.OVERWRITTEN, "77")
    assert settled.said is not None
    assert settled.said.startswith(f"written right before: {OWNER} by ")
    assert "; not put back: VALIDATION_ERROR" in settled.said
    assert written.events() == [Event.OVERWRITTEN, Event.REFUSED]
    assert left_open(Journal(written.store), Plans(written.store)) == []


@pytest.mark.parametrize(
    ("written", "lost", "ends"),
    [
        (6, "reset_after", [Event.VERIFIED, Event.VERIFIED, Event.VERIFIED]),
        (7, "reset_before", [Event.NOT_WRITTEN] * 4),  # the fourth sets the stage again as it was: it is planned anew
    ],
    indirect=["written"],
)
def test_where_the_answer_is_lost_while_a_step_is_finished_reading_tells_whether_to_go_on(
    written: Written, lost: str, ends: list[Event]
) -> None:
    field = written.portal.a_list(f"Nurture {lost}")
    written.send({STAGE: None}, before=BEFORE)
    set_, join = ({STAGE: "lead"}, {STAGE: None}), ({field: MEMBER}, {field: None})
    parts = [
        Part(place=Place(written.plan, 0, n), change=Change(record=written.record, values=values))
        for n, (values, _) in ((1, set_), (2, join))
    ]
    written.sender.intend(parts, {part.place: held for part, (_, held) in zip(parts, (set_, join), strict=True)})
    written.portal.fault(fault=lost, count=1)

    (found,) = left_open(Journal(written.store), Plans(written.store))
    written.settler.settle([found])

    arrived = lost == "reset_after"
    assert written.events() == ends
    assert written.portal.value_of(written.record.id, STAGE) == ("lead" if arrived else "customer")
    on_list = written.portal.connector().memberships([written.record], [field])[written.record][field]
    assert (on_list == MEMBER) == arrived


TOO_BUSY = {"status": 429, "form": "policy"}


@pytest.mark.parametrize(("written", "times"), [(5, 2), (8, 3)], indirect=["written"])
def test_a_stage_that_was_set_again_as_the_crm_was_too_busy_for_the_new_one_is_asked_for_anew(written: Written, times: int) -> None:
    written.portal.fault(after=1, count=times, **TOO_BUSY)  # for setting it twice; and for setting it again as it was
    tried = written.send({STAGE: None}, {STAGE: "lead"}, before=BEFORE)
    (settled,) = written.settler.settle([replace(tried, failed={})])
    assert settled.event is Event.LATER
    written.portal.control("/faults", method="DELETE")

    written.settler.settle(left_open(Journal(written.store), Plans(written.store)))

    assert written.portal.value_of(written.record.id, STAGE) == "customer"
    assert left_open(Journal(written.store), Plans(written.store)) == []
    assert Journal(written.store).fired() == frozenset()


@pytest.mark.parametrize("written", [2], indirect=True)
def test_a_lead_that_was_returned_gives_the_turn_back_by_which_its_rep_got_it(written: Written) -> None:
    ledger, place = Ledger(written.store), Place(written.plan, 0)
    given = Given(pool="sdr", seats=(Seat(owner="77", weight=1), Seat(owner="78", weight=1)), owner="78")
    ledger.enter([Turn(place=place, given=given, crm="hubspot", lead=written.step.lead)], at=written.sender.now)
    tried = written.send({OWNER: "77"}, before={OWNER: "78"})
    assert ledger.book("hubspot").owed["sdr"] == {"77": 0.5, "78": -0.5}

    returned = replace(tried, step=replace(tried.step, action="return"))
    (settled,) = written.settler.settle([returned])

    assert (settled.event, ledger.book("hubspot").owed.get("sdr", {})) == (Event.VERIFIED, {})


@pytest.mark.parametrize("written", [1], indirect=True)
def test_a_return_that_is_settled_again_after_a_kill_gives_back_no_earlier_turn(written: Written) -> None:
    ledger = Ledger(written.store)
    given = Given(pool="sdr", seats=(Seat(owner="77", weight=1), Seat(owner="78", weight=1)), owner="78")
    for position in range(2):
        turn = Turn(place=Place(written.plan, position), given=given, crm="hubspot", lead=written.step.lead)
        ledger.enter([turn], at=written.sender.now)
    tried = written.send({OWNER: "77"}, before={OWNER: "78"})
    returned = replace(tried, step=replace(tried.step, action="return"))

    for _ in range(2):
        (settled,) = written.settler.settle([returned])

    assert (settled.event, ledger.book("hubspot").owed["sdr"]) == (Event.VERIFIED, {"77": 0.5, "78": -0.5})
