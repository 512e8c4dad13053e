"""What every connector that changes records must do, whatever its CRM: inherit WriterContract and give it a rehearsal."""

from collections import Counter
from datetime import timedelta
from typing import Any, Protocol

import pytest

from connectors.changes import Change, Fate, NewTask, Outcome
from connectors.errors import Denied, Exhausted
from connectors.memberships import MEMBER, id_of, is_membership
from connectors.protocol import Connector, Writer
from connectors.records import Page, RecordKey
from tests.contract.connector_suite import Rehearsal, owners_told, records

NOBODY = "999999999"


class ReadsAndWrites(Connector, Writer, Protocol):
    """Both halves of a connector."""


class WriterRehearsal(Rehearsal, Protocol):
    """A practice CRM whose records the suite changes."""

    other_owner: str  # in office; no person is theirs
    left_owner: str  # no longer active
    plain_field: str  # a text of a person
    most: int  # changes in one call
    tasks_path: str  # where tasks are created
    closes_a_task: dict[str, str | None]  # values

    def connector(self, *, lists: frozenset[str] = frozenset()) -> ReadsAndWrites:
        """A new connector to this CRM, which wants some lists or campaigns."""
        ...

    def value_of(self, person: str, field: str) -> str | None:
        """What a person holds now, as somebody else reads it."""
        ...

    def fault(self, **rule: Any) -> None:
        """Let calls that write go wrong."""
        ...

    def writes(self) -> int:
        """Count the calls that wrote, or tried to."""
        ...

    def a_list(self, name: str) -> str:
        """Make a list or campaign; give the field that it is of a person."""
        ...

    def drop_list(self, field: str) -> None:
        """Delete a list or campaign, as somebody else does."""
        ...


def fates(outcomes: list[Outcome]) -> list[Fate]:
    return [outcome.fate for outcome in outcomes]


class WriterContract:
    """The contract of `connectors.protocol.Writer`, test by test; a subclass gives the fixture `crm`."""

    @pytest.fixture
    def crm(self) -> WriterRehearsal:
        raise NotImplementedError

    def change(self, crm: WriterRehearsal, person: str, **values: str | None) -> Change:
        return Change(record=RecordKey(crm.vocabulary.crm, crm.vocabulary.person, person), values=values)

    def reassign(self, crm: WriterRehearsal, person: str, owner: str | None = None) -> Change:
        return self.change(crm, person, **{crm.vocabulary.owner: owner or crm.other_owner})

    def write(self, crm: WriterRehearsal, changes: list[Change], connector: ReadsAndWrites | None = None) -> list[Outcome]:
        connector = connector or crm.connector()
        outcomes = [outcome for batch in connector.batches(changes) for outcome in connector.write(batch)]
        assert [outcome.change for outcome in outcomes] == changes
        return outcomes

    def owners(self, crm: WriterRehearsal, persons: list[str]) -> set[str | None]:
        return {crm.value_of(person, crm.vocabulary.owner) for person in persons}

    # --- what is done

    def test_many_are_changed_in_as_few_calls_as_there_are_batches(self, crm: WriterRehearsal):
        connector = crm.connector()
        outcomes = self.write(crm, [self.reassign(crm, person) for person in crm.persons], connector)
        assert set(fates(outcomes)) == {Fate.DONE}
        assert crm.writes() == -(-len(crm.persons) // crm.most)
        assert self.owners(crm, crm.persons[::50]) == {crm.other_owner}
        assert connector.usage().by_purpose["write"] == crm.writes()
        assert {outcome.said for outcome in outcomes} == {None}
        assert all(outcome.at is not None and abs(outcome.at - crm.now) <= timedelta(seconds=1) for outcome in outcomes)

    def test_a_field_is_set_and_cleared(self, crm: WriterRehearsal):
        person = crm.persons[0]
        told = []
        for value in ("FR", None):
            (outcome,) = self.write(crm, [self.change(crm, person, **{crm.plain_field: value})])
            told.append((outcome.fate, crm.value_of(person, crm.plain_field)))
        assert told == [(Fate.DONE, "FR"), (Fate.DONE, None)]

    def test_no_record_stands_twice_in_a_batch_and_none_is_lost(self, crm: WriterRehearsal):
        twice = [self.reassign(crm, person, owner) for owner in (crm.other_owner, crm.left_owner) for person in crm.persons]
        batches = [list(batch) for batch in crm.connector().batches(twice)]
        assert all(max(Counter(change.record for change in batch).values()) == 1 for batch in batches)
        assert all(len(batch) <= crm.most for batch in batches)
        assert [change for batch in batches for change in batch] == twice

    def test_a_plain_change_is_one_step_and_nothing_is_no_call(self, crm: WriterRehearsal):
        connector = crm.connector()
        change = self.reassign(crm, crm.persons[0])
        assert list(connector.in_order(change, {crm.vocabulary.owner: None})) == [change]
        assert list(connector.batches([])) == []
        assert list(connector.write([])) == []
        assert list(connector.read_now([])) == []
        assert list(connector.open_tasks([])) == []
        assert connector.usage().calls == 0

    # --- what is not done for some

    def test_one_that_is_refused_or_gone_leaves_the_others_done(self, crm: WriterRehearsal):
        crm.delete(crm.persons[1])
        changes = [self.reassign(crm, person) for person in crm.persons[:4]]
        changes[2] = self.reassign(crm, crm.persons[2], crm.left_owner)
        outcomes = self.write(crm, changes)
        assert fates(outcomes) == [Fate.DONE, Fate.CHANGED, Fate.REFUSED, Fate.DONE]
        assert all(outcomes[place].said for place in (1, 2))
        assert self.owners(crm, [crm.persons[0], crm.persons[3]]) == {crm.other_owner}
        assert self.owners(crm, [crm.persons[2]]) == {crm.owner_history[-1][0]}

    def test_what_was_sent_does_not_stand_in_what_is_said(self, crm: WriterRehearsal):
        address = "planted person at nowhere"
        (outcome,) = self.write(crm, [self.change(crm, crm.persons[0], **{crm.vocabulary.email: address})])
        assert outcome.fate is Fate.REFUSED
        assert "planted" not in str(outcome.said)
        assert crm.vocabulary.email in str(outcome.said)

    # --- what nobody can tell

    @pytest.mark.parametrize("fault", ["reset_after", "cut_body", "cut_json"])
    def test_what_was_done_behind_a_lost_answer_is_unknown_and_never_sent_again(self, crm: WriterRehearsal, fault: str):
        crm.fault(fault=fault)
        outcomes = self.write(crm, [self.reassign(crm, person) for person in crm.persons[:3]])
        assert fates(outcomes) == [Fate.UNKNOWN] * 3
        assert crm.writes() == 1
        assert self.owners(crm, crm.persons[:3]) == {crm.other_owner}

    @pytest.mark.parametrize("rule", [{"fault": "reset_before"}, {"status": 500}, {"status": 502}, {"status": 503}, {"status": 504}])
    def test_what_failed_without_saying_that_nothing_was_done_is_unknown_too(self, crm: WriterRehearsal, rule: dict[str, Any]):
        crm.fault(**rule)
        outcomes = self.write(crm, [self.reassign(crm, person) for person in crm.persons[:3]])
        assert fates(outcomes) == [Fate.UNKNOWN] * 3
        assert crm.writes() == 1
        assert all(outcome.said for outcome in outcomes)

    @pytest.mark.parametrize("rule", [{"status": 429}, {"status": 503, "retry_after": 5}])
    def test_what_says_that_nothing_was_done_is_for_later(self, crm: WriterRehearsal, rule: dict[str, Any]):
        crm.fault(**rule)
        outcomes = self.write(crm, [self.reassign(crm, person) for person in crm.persons[:3]])
        assert fates(outcomes) == [Fate.LATER] * 3
        assert crm.writes() == 1
        assert self.owners(crm, crm.persons[:3]) == {crm.owner_history[-1][0]}

    def test_what_never_left_is_for_later(self, crm: WriterRehearsal):
        outcomes = self.write(crm, [self.reassign(crm, crm.persons[0])], crm.connector_to_nowhere())
        assert fates(outcomes) == [Fate.LATER]
        assert crm.writes() == 0

    def test_whatever_goes_wrong_what_is_told_is_what_was_done_and_nothing_was_done_twice(self, crm: WriterRehearsal):
        crm.pass_time(timedelta(hours=2))
        rules: list[dict[str, Any]] = [{"fault": name} for name in ("reset_after", "reset_before", "cut_json")]
        for seed, rule in enumerate([*rules, {"status": 429}, {"status": 502}]):
            crm.fault(**rule, probability=0.15, seed=seed)
        connector, told = crm.connector(), []
        for start in range(0, len(crm.persons), 5):
            changes = [self.reassign(crm, person) for person in crm.persons[start : start + 5]]
            told += self.write(crm, changes, connector)
        assert crm.writes() == len(told) // 5

        owners = owners_told(self.read_now(crm, connector, crm.persons), crm.vocabulary)

        written = [*crm.owner_history, (crm.other_owner, crm.now)]
        done = {outcome.change.record.id for outcome in told if outcome.fate is Fate.DONE}
        later = {outcome.change.record.id for outcome in told if outcome.fate is Fate.LATER}
        assert {outcome.fate for outcome in told} == {Fate.DONE, Fate.LATER, Fate.UNKNOWN}
        assert {id_ for id_ in done if owners[id_] != written} == set()
        assert {id_ for id_ in later if owners[id_] != crm.owner_history} == set()
        assert all(found in (written, crm.owner_history) for found in owners.values())

    # --- what is nobody's own fault

    def test_a_wrong_token_is_denied(self, crm: WriterRehearsal):
        with pytest.raises(Denied):
            self.write(crm, [self.reassign(crm, crm.persons[0])], crm.connector_with_wrong_token())

    def test_beyond_our_share_of_the_day_nothing_is_sent(self, crm: WriterRehearsal):
        connector = crm.connector()
        connector.account()
        connector.add_earlier_calls(10_000_000)
        with pytest.raises(Exhausted):
            self.write(crm, [self.reassign(crm, crm.persons[0])], connector)
        assert crm.writes() == 0

    # --- reading back

    def test_what_was_written_is_read_back_at_once_with_its_history(self, crm: WriterRehearsal):
        connector = crm.connector()
        crm.pass_time(timedelta(hours=2))
        some = crm.persons[:60]
        self.write(crm, [self.reassign(crm, person) for person in some], connector)

        pages = self.read_now(crm, connector, some)

        assert owners_told(pages, crm.vocabulary) == {id_: [*crm.owner_history, (crm.other_owner, crm.now)] for id_ in some}
        assert {record.values[crm.vocabulary.owner] for record in records(pages)} == {crm.other_owner}
        assert {(page.cursor, page.last) for page in pages} == {(None, False)}
        assert "verify" in connector.usage().by_purpose

    def test_who_is_gone_is_read_as_gone(self, crm: WriterRehearsal):
        crm.delete(crm.persons[1])
        pages = self.read_now(crm, crm.connector(), [*crm.persons[:3], NOBODY])
        assert {record.key.id for record in records(pages)} == {crm.persons[0], crm.persons[2]}
        assert [key.id for page in pages for key, _ in page.gone] == [crm.persons[1]]
        assert [key.id for page in pages for key in page.erased] == [NOBODY]

    # --- tasks

    def task(self, crm: WriterRehearsal, person: str, owner: str | None = None) -> NewTask:
        about = RecordKey(crm.vocabulary.crm, crm.vocabulary.person, person)
        due_at = crm.now + timedelta(days=1)
        return NewTask(
            about=about, owner=owner or crm.other_owner, subject="[leadpact 7] Two leads wait", body="planted body", due_at=due_at
        )

    def test_a_task_is_created_with_its_person_and_found_by_it_at_once(self, crm: WriterRehearsal):
        connector = crm.connector()
        task = self.task(crm, crm.persons[2])
        created = connector.create_task(task)
        keys = [RecordKey(crm.vocabulary.crm, crm.vocabulary.person, person) for person in crm.persons]
        (found,) = connector.open_tasks(keys)
        assert created.fate is Fate.DONE
        assert (found.record, found.subject, found.owner) == (created.record, task.subject, task.owner)
        assert (found.about, found.created_at) == ((task.about,), crm.now)
        assert connector.usage().by_purpose["write"] == 1
        assert [one.record for one in connector.open_tasks(keys[:2])] == []

    def test_a_task_is_passed_on_and_closed_like_any_record(self, crm: WriterRehearsal):
        connector = crm.connector()
        task = self.task(crm, crm.persons[2])
        created = connector.create_task(task)
        assert created.record is not None
        told = []
        for values in ({crm.vocabulary.owner: crm.owner_history[-1][0]}, crm.closes_a_task):
            (outcome,) = self.write(crm, [Change(record=created.record, values=values)], connector)
            told.append((outcome.fate, [one.owner for one in connector.open_tasks([task.about])]))
        assert told == [(Fate.DONE, [crm.owner_history[-1][0]]), (Fate.DONE, [])]

    def test_a_task_whose_answer_is_lost_is_unknown_and_there_once(self, crm: WriterRehearsal):
        crm.fault(fault="reset_after", path=crm.tasks_path, method="POST")
        connector, task = crm.connector(), self.task(crm, crm.persons[2])
        assert connector.create_task(task).fate is Fate.UNKNOWN
        assert [one.subject for one in connector.open_tasks([task.about])] == [task.subject]

    def test_a_task_about_somebody_who_is_gone_is_not_created(self, crm: WriterRehearsal):
        crm.delete(crm.persons[2])
        created = crm.connector().create_task(self.task(crm, crm.persons[2]))
        assert created.fate in (Fate.REFUSED, Fate.CHANGED)
        assert created.record is None

    def test_a_task_that_is_not_created_says_why(self, crm: WriterRehearsal):
        refused = crm.connector().create_task(self.task(crm, crm.persons[2], crm.left_owner))
        unsent = crm.connector_to_nowhere().create_task(self.task(crm, crm.persons[2]))
        assert [(one.fate, one.record) for one in (refused, unsent)] == [(Fate.REFUSED, None), (Fate.LATER, None)]
        assert refused.said
        assert "planted" not in refused.said

    # --- lists and campaigns

    def on(self, crm: WriterRehearsal, field: str) -> set[str]:
        """Who is on a list."""
        persons = [RecordKey(crm.vocabulary.crm, crm.vocabulary.person, person) for person in crm.persons[:8]]
        told = crm.connector().memberships(persons, [field])
        assert {one for values in told.values() for one in values.values()} <= {MEMBER, None}
        return {person.id for person, values in told.items() if values[field] == MEMBER}

    def test_persons_join_a_list_and_leave_it_and_doing_so_again_is_done(self, crm: WriterRehearsal):
        first, second = crm.a_list("Nurture"), crm.a_list("Other")
        told = []
        for value in (MEMBER, MEMBER, None, None):
            changes = [self.change(crm, person, **{first: value}) for person in crm.persons[:3]]
            told.append((set(fates(self.write(crm, changes))), self.on(crm, first), self.on(crm, second)))
        joined = ({Fate.DONE}, set(crm.persons[:3]), set())
        left = ({Fate.DONE}, set(), set())
        assert told == [joined, joined, left, left]

    def test_a_list_is_joined_after_the_fields_are_written_and_sent_apart_from_other_lists(self, crm: WriterRehearsal):
        first, second = crm.a_list("Nurture"), crm.a_list("Other")
        connector, values = crm.connector(), {first: MEMBER, crm.vocabulary.owner: crm.other_owner}
        ordered = connector.in_order(self.change(crm, crm.persons[0], **values), {crm.vocabulary.owner: None})
        assert [dict(part.values) for part in ordered] == [{crm.vocabulary.owner: crm.other_owner}, {first: MEMBER}]
        mixed = [self.change(crm, person, **{field: MEMBER}) for person in crm.persons[:2] for field in (first, second)]
        mixed += [self.change(crm, crm.persons[2], **{first: None}), self.reassign(crm, crm.persons[3])]
        sorts = [{(*change.values.items(),) for change in batch} for batch in connector.batches(mixed)]
        assert sorted(map(len, sorts)) == [1, 1, 1, 1]
        assert connector.usage().calls == 0

    def test_a_list_that_is_gone_refuses_its_own_and_no_others(self, crm: WriterRehearsal):
        gone, there = crm.a_list("Gone"), crm.a_list("There")
        crm.drop_list(gone)
        changes = [self.change(crm, person, **{gone: MEMBER}) for person in crm.persons[:2]]
        changes += [self.change(crm, person, **{there: MEMBER}) for person in crm.persons[:2]]
        outcomes = self.write(crm, changes)
        assert [outcome.fate in (Fate.REFUSED, Fate.CHANGED) for outcome in outcomes] == [True, True, False, False]
        assert all(outcome.said for outcome in outcomes[:2])
        assert (self.on(crm, gone), self.on(crm, there)) == (set(), set(crm.persons[:2]))

    def test_who_is_gone_joins_no_list(self, crm: WriterRehearsal):
        field = crm.a_list("Nurture")
        crm.delete(crm.persons[1])
        outcomes = self.write(crm, [self.change(crm, person, **{field: MEMBER}) for person in crm.persons[:3]])
        assert [outcome.fate is Fate.DONE for outcome in outcomes] == [True, False, True]
        assert self.on(crm, field) == {crm.persons[0], crm.persons[2]}

    def test_the_lists_that_are_wanted_are_told_as_fields_by_name_or_id_else_those_alike(self, crm: WriterRehearsal):
        field = crm.a_list("Nurture 2026")
        crm.a_list("Old customers")
        for wanted in ("nurture 2026", id_of(field), "Nurture 2025"):
            connector = crm.connector(lists=frozenset({wanted}))
            connector.account()
            told = [one for page in connector.pages("definitions", None) for one in page.definitions if is_membership(one.name)]
            assert [(one.kind, one.name, one.label) for one in told] == [(crm.vocabulary.person, field, "Nurture 2026")]

    def read_now(self, crm: WriterRehearsal, connector: ReadsAndWrites, persons: list[str]) -> list[Page]:
        connector.account()
        return list(connector.read_now([RecordKey(crm.vocabulary.crm, crm.vocabulary.person, person) for person in persons]))
