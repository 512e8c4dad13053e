"""What every connector must do, whatever its CRM: inherit ConnectorContract and give it a rehearsal."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from connectors.errors import Denied, Unreachable
from connectors.protocol import Connector
from connectors.records import Activity, FieldChange, Page, Record, RecordKey, Vocabulary

MANY = 230  # persons; more than a page of any call


class Rehearsal(Protocol):
    """A practice CRM in the suite's hands.

    It holds MANY persons. Each has had two owners (the older one first in `owner_history`), the first of them an activity.
    One owner is no longer active. Its clock stands still.
    """

    vocabulary: Vocabulary
    history_stream: str | None  # tells the changes of persons; None where they come with the persons
    persons: list[str]  # ids
    owner_history: list[tuple[str, datetime]]  # of every person: owner id, since when
    activity: RecordKey
    activity_stream: str
    now: datetime

    def connector(self) -> Connector:
        """A new connector that reads this CRM."""
        ...

    def connector_with_wrong_token(self) -> Connector:
        """One that this CRM does not let in."""
        ...

    def connector_to_nowhere(self) -> Connector:
        """One whose CRM is not there; it does not wait."""
        ...

    def pass_time(self, span: timedelta) -> None:
        """Move the CRM's clock on."""
        ...

    def reassign(self, persons: list[str]) -> None:
        """Give all of `persons` another owner, all at the present moment."""
        ...

    def delete(self, person: str) -> None:
        """Delete a person at the present moment."""
        ...


def records(pages: Iterable[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def activities(pages: Iterable[Page]) -> list[Activity]:
    return [activity for page in pages for activity in page.activities]


def owners_told(pages: Iterable[Page], vocabulary: Vocabulary) -> dict[str, list[tuple[str | None, datetime]]]:
    """Give, by person, the owners that pages tell of and since when, the one before the oldest change since the creation."""
    created: dict[str, datetime] = {}
    changes: dict[str, dict[tuple[datetime, str | None], FieldChange]] = {}
    for page in pages:
        created |= {record.key.id: record.created_at for record in page.records}
        told = [change for record in page.records for change in record.history.get(vocabulary.owner, ())]
        for change in (*told, *(change for change in page.changes if change.field == vocabulary.owner)):
            changes.setdefault(change.record.id, {})[change.at, change.value] = change
    return {id_: _owners(changes.get(id_, {}).values(), created_at=at) for id_, at in created.items()}


def _owners(changes: Iterable[FieldChange], *, created_at: datetime) -> list[tuple[str | None, datetime]]:
    in_order = sorted(changes, key=lambda change: change.at)
    first = [(in_order[0].before, created_at)] if in_order and in_order[0].before is not None else []
    return [*first, *((change.value, change.at) for change in in_order)]


class Reader:
    """Reads persons, and their histories where these are a stream of their own, again and again from where it stopped."""

    def __init__(self, crm: Rehearsal) -> None:
        self._connector = crm.connector()
        self._streams = [crm.vocabulary.person_stream, *([crm.history_stream] if crm.history_stream is not None else [])]
        self._cursors: dict[str, str | None] = dict.fromkeys(self._streams)

    def read(self) -> list[Page]:
        pages = []
        for stream in self._streams:
            read = list(self._connector.pages(stream, self._cursors[stream]))
            self._cursors[stream] = read[-1].cursor
            pages += read
        return pages


class ConnectorContract:
    """The contract of `connectors.protocol`, test by test; a subclass gives the fixture `crm`."""

    @pytest.fixture
    def crm(self) -> Rehearsal:
        raise NotImplementedError

    @pytest.fixture
    def persons_stream(self, crm: Rehearsal) -> str:
        return crm.vocabulary.person_stream

    def test_the_account_is_named_and_tells_the_servers_time(self, crm: Rehearsal):
        account = crm.connector().account()
        assert account.crm == crm.vocabulary.crm
        assert account.id
        assert abs(account.server_now - crm.now) <= timedelta(seconds=1)

    def test_definitions_and_owners_come_before_the_streams_that_need_them(self, crm: Rehearsal):
        streams = crm.connector().streams()
        assert streams[:2] == ("definitions", "owners")
        assert {crm.vocabulary.person_stream, *crm.vocabulary.touch_streams} <= set(streams[2:])
        assert len(set(streams)) == len(streams)

    def test_every_stream_ends_with_one_last_page_and_moments_in_utc(self, crm: Rehearsal):
        connector = crm.connector()
        for stream in connector.streams():
            pages = list(connector.pages(stream, None))
            assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True], stream
            assert all(page.cursor and page.stream == stream for page in pages)
            assert {page.began_at.tzinfo for page in pages} == {UTC}
            assert len({page.began_at for page in pages}) == 1

    def test_a_full_pull_brings_every_person_once_with_its_whole_history(self, crm: Rehearsal):
        pages = Reader(crm).read()
        found = records(pages)
        assert Counter(record.key.id for record in found) == Counter(crm.persons)
        assert owners_told(pages, crm.vocabulary) == dict.fromkeys(crm.persons, crm.owner_history)
        assert {record.values[crm.vocabulary.owner] for record in found} == {crm.owner_history[-1][0]}

    def test_an_activity_is_linked_to_its_person(self, crm: Rehearsal):
        pages = list(crm.connector().pages(crm.activity_stream, None))
        assert [activity.key for activity in activities(pages)] == [crm.activity]
        assert [(link.left, link.right.id) for page in pages for link in page.links] == [(crm.activity, crm.persons[0])]
        assert all(crm.vocabulary.person in page.linked_kinds for page in pages if page.activities)

    def test_pulling_twice_brings_equal_rows(self, crm: Rehearsal):
        connector = crm.connector()
        for stream in connector.streams():
            assert list(connector.pages(stream, None)) == list(connector.pages(stream, None))

    def test_an_incremental_pull_loses_nothing_of_many_changes_at_one_moment(self, crm: Rehearsal):
        reader = Reader(crm)
        before = reader.read()
        crm.pass_time(timedelta(hours=2))
        crm.reassign(crm.persons)

        after = reader.read()

        assert {record.key.id for record in records(after)} == set(crm.persons)
        owners = owners_told([*before, *after], crm.vocabulary)
        assert all(owners[id_][:2] == crm.owner_history and len(owners[id_]) == 3 for id_ in crm.persons)

    def test_an_incremental_pull_brings_what_changed_alone(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        cursor = list(connector.pages(persons_stream, None))[-1].cursor
        crm.pass_time(timedelta(hours=2))
        crm.reassign(crm.persons[3:5])

        pages = list(connector.pages(persons_stream, cursor))

        assert sorted(record.key.id for record in records(pages)) == sorted(crm.persons[3:5])
        assert pages[-1].last
        assert pages[-1].began_at >= crm.now - timedelta(seconds=1)

    def test_a_change_seen_by_an_incremental_pull_is_the_same_as_in_a_full_one(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        cursor = list(connector.pages(persons_stream, None))[-1].cursor
        crm.pass_time(timedelta(hours=2))
        crm.reassign(crm.persons[:1])

        (changed,) = records(connector.pages(persons_stream, cursor))

        assert changed in records(connector.pages(persons_stream, None))

    def test_nothing_changed_is_still_a_last_page(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        cursor = list(connector.pages(persons_stream, None))[-1].cursor
        crm.pass_time(timedelta(hours=2))
        pages = list(connector.pages(persons_stream, cursor))
        assert records(pages) == []
        assert pages[-1].last

    def test_every_pull_tells_how_many_persons_are_live(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        whole = list(connector.pages(persons_stream, None))
        crm.pass_time(timedelta(hours=2))
        crm.delete(crm.persons[7])
        changes = list(connector.pages(persons_stream, whole[-1].cursor))
        told = [[page.live for page in pages if page.live is not None] for pages in (whole, changes)]
        assert told == [[MANY], [MANY - 1]]
        assert {page.kind for page in (*whole, *changes)} == {crm.vocabulary.person}

    def test_a_deleted_person_stands_among_the_archived_and_no_longer_among_the_live(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        crm.pass_time(timedelta(hours=2))
        crm.delete(crm.persons[7])
        archived = [(key.id, at) for page in connector.archived(persons_stream) for key, at in page.gone]
        live = [id_ for ids in connector.live_ids(persons_stream) for id_ in ids]
        assert archived == [(crm.persons[7], crm.now)]
        assert sorted(live) == sorted(set(crm.persons) - {crm.persons[7]})

    def test_what_became_of_persons_can_be_looked_up(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        whole = records(connector.pages(persons_stream, None))
        crm.delete(crm.persons[7])
        pages = list(connector.look_up(persons_stream, [*crm.persons[6:8], "999999999"]))
        assert records(pages) == [record for record in whole if record.key.id == crm.persons[6]]
        assert [key.id for page in pages for key, _ in page.gone] == [crm.persons[7]]
        assert [key.id for page in pages for key in page.erased] == ["999999999"]
        assert {(page.cursor, page.last) for page in pages} == {(None, False)}

    def test_what_was_called_before_counts_as_ours_today(self, crm: Rehearsal):
        connector = crm.connector()
        connector.account()
        connector.add_earlier_calls(100)
        usage = connector.usage()
        assert usage.today == usage.calls + 100
        assert usage.day is not None

    def test_a_pull_goes_on_from_any_page_that_was_saved(self, crm: Rehearsal, persons_stream: str):
        whole = list(crm.connector().pages(persons_stream, None))
        for saved, page in enumerate(whole[:-1], 1):
            assert list(crm.connector().pages(persons_stream, page.cursor)) == whole[saved:]

    def test_the_fields_of_the_vocabulary_are_defined(self, crm: Rehearsal):
        words = crm.vocabulary
        defined = {(one.kind, one.name): one for page in crm.connector().pages("definitions", None) for one in page.definitions}
        assert {(words.person, words.owner), (words.person, words.email), (words.deal, words.deal_stage)} <= set(defined)
        assert [option.order for option in defined[words.deal, words.deal_stage].options] == list(
            range(len(defined[words.deal, words.deal_stage].options))
        )
        assert any(option.closed for option in defined[words.deal, words.deal_stage].options)

    def test_owners_are_read_with_those_who_left(self, crm: Rehearsal):
        owners = [owner for page in crm.connector().pages("owners", None) for owner in page.owners]
        assert {owner.active for owner in owners} == {True, False}
        assert len({owner.id for owner in owners}) == len(owners)

    def test_who_is_in_office_is_told_each_time_for_a_silent_crm_would_look_like_a_lost_permission(self, crm: Rehearsal):
        connector = crm.connector()
        whole = list(connector.pages("owners", None))
        again = list(connector.pages("owners", whole[-1].cursor))
        in_office = [{owner.id for page in pages for owner in page.owners if owner.active} for pages in (whole, again)]
        assert in_office[0] == in_office[1] != set()

    def test_every_call_is_counted(self, crm: Rehearsal, persons_stream: str):
        connector = crm.connector()
        before = connector.usage().calls
        pages = list(connector.pages(persons_stream, None))
        assert connector.usage().calls >= before + len(pages)

    def test_a_wrong_token_is_denied_with_a_fix(self, crm: Rehearsal):
        with pytest.raises(Denied) as refused:
            crm.connector_with_wrong_token().account()
        assert refused.value.fix

    def test_nobody_there_is_unreachable_with_a_fix(self, crm: Rehearsal):
        with pytest.raises(Unreachable) as refused:
            crm.connector_to_nowhere().account()
        assert refused.value.fix
