"""Whatever is asked of a practice org, it answers or refuses; it never breaks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.lines import BadLines
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused
from tests.contract.practice_org import ADA, ANN, LINES, NOW, QUEUE, a_line, an_id, an_org

_WORDS = (
    "SELECT FROM WHERE AND OR NOT IN LIKE INCLUDES EXCLUDES ORDER GROUP BY HAVING LIMIT OFFSET ASC DESC NULLS FIRST LAST TYPEOF WHEN THEN "
    "ELSE END COUNT COUNT_DISTINCT MAX SUM FIELDS ALL DAY_ONLY CALENDAR_YEAR toLabel ( ) ( ) , , = != <> < <= > >= null true false "
    "Id Name Status OwnerId Owner Owner.Name Owner.Type WhoId Who CreatedDate SystemModstamp LastActivityDate Description Address "
    "AnnualRevenue IsConverted Lead Task Account LeadHistory OldValue Histories Tasks FieldDefinition EntityDefinition DurableId "
    "TODAY LAST_N_DAYS:3 NEXT_N_QUARTERS:2 N_YEARS_AGO:9999 2026-11-01 2026-11-01T10:00:00Z 9999-12-31T23:59:59-14:00 5 -1.5 'x' '' "
    f"'%a_' '{ADA}' '{ADA[:15]}' l n ; \\ '"
).split()


@pytest.fixture(scope="module")
def org() -> Org:
    return an_org(a_line("Contact", an_id("003", 1), LastName="Max"), a_line("Event", an_id("00U", 1), Subject="Demo"))


def asked(org: Org, soql: str) -> None:
    with suppress(Refused):
        found = org.select(soql, org.caller(), all_rows=True)
        assert len(orjson.dumps(found.rows(0, max(found.total, 1)))) > 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=12))
def test_words_in_any_order_are_answered_or_refused(org: Org, words: list[str]) -> None:
    asked(org, " ".join(words))


@settings(max_examples=60, deadline=None)
@given(
    columns=st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3),
    source=st.sampled_from(["Lead", "Task", "Event", "LeadHistory", "FieldDefinition", "User", "Group", "Contact l"]),
    tail=st.lists(st.sampled_from(_WORDS), max_size=9),
    clause=st.sampled_from(["WHERE", "GROUP BY", "ORDER BY", "LIMIT", ""]),
)
def test_queries_that_begin_well_are_answered_or_refused(org: Org, columns: list[str], source: str, clause: str, tail: list[str]) -> None:
    asked(org, f"SELECT {', '.join(columns)} FROM {source} {clause} {' '.join(tail)}")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_answered_or_refused(org: Org, text: str) -> None:
    asked(org, text)
    asked(org, f"SELECT Id FROM Lead WHERE LastName LIKE '{text}'")


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [ADA, ANN, QUEUE, "Completed", "Closed Won", "2026-11-01", "2026-11-01T10:00:00Z", "0001-01-01T00:00:00+14:00", [], {}]
    ),
)


@st.composite
def _writes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    fields = Org(NOW).store.schema.objects
    sobject = draw(st.sampled_from(sorted(fields)))
    return sobject, draw(st.dictionaries(st.sampled_from(sorted(fields[sobject].fields)), _VALUES, max_size=5))


@settings(max_examples=60, deadline=None)
@given(_writes())
def test_any_write_is_done_or_refused_and_all_can_be_read_after_it(write: tuple[str, dict[str, Any]]) -> None:
    sobject, values = write
    org = Org.from_lines(LINES, now=NOW)
    base = {"LastName": "x", "Company": "x", "Name": "x", "CloseDate": "2026-11-01", "StageName": "Prospecting", "Subject": "x"}
    known = org.store.schema.objects[sobject].fields
    with suppress(Refused):
        id_ = org.create(sobject, {name: base[name] for name in base if name in known and known[name].createable} | values, org.caller())
        orjson.dumps(org.get(sobject, id_, org.caller()))
        with suppress(Refused):
            org.update(sobject, id_, values, org.caller())
        org.delete(sobject, id_, org.caller())
    for row in list(org.store.tables.get(sobject, org.store.tables["Lead"]).rows):
        with suppress(Refused):
            org.update(sobject, row, values, org.caller())
    asked(org, f"SELECT FIELDS(STANDARD) FROM {sobject} LIMIT 200")
    Org.from_lines(orjson.loads(orjson.dumps(list(org.lines()))), now=NOW)


@settings(max_examples=60, deadline=None)
@given(_writes())
def test_any_line_is_taken_or_told_wrong(write: tuple[str, dict[str, Any]]) -> None:
    sobject, values = write
    with suppress(BadLines):
        org = Org.from_lines([{"attributes": {"type": sobject}, "Id": ADA, **values}], now=NOW)
        orjson.dumps(list(org.lines()))
        asked(org, f"SELECT FIELDS(STANDARD) FROM {sobject} LIMIT 200")
