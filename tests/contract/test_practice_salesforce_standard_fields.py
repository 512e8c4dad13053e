"""What lines say about the standard fields of a practice org: their values, and whether their history is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.lines import BadLines
from sandbox.salesforce.org import Org

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TRACKED = "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Lead' AND IsFieldHistoryTracked = true"


def line(name: str, **said: Any) -> dict[str, Any]:
    return {"attributes": {"type": "StandardField"}, "object": "Lead", "name": name, **said}


def tracked(org: Org) -> set[str]:
    found = org.select(TRACKED, org.caller())
    return {row["QualifiedApiName"] for row in found.rows(0, found.total)}


def values(org: Org, name: str) -> list[str]:
    fields = org.describe("Lead", org.caller())["fields"]
    return [choice["value"] for field in fields if field["name"] == name for choice in field["picklistValues"]]


def test_a_standard_field_gets_a_history_and_values_of_the_orgs_own() -> None:
    org = Org.from_lines(
        [line("Title", tracked=True), line("Industry", picklist=["Mills", "Forges"]), line("OwnerId", tracked=False)], now=NOW
    )

    assert tracked(org) == {"Status", "Title"}
    assert values(org, "Industry") == ["Mills", "Forges"]


def test_the_lines_of_an_org_tell_what_was_changed_about_its_standard_fields() -> None:
    first = Org.from_lines([line("Title", tracked=True), line("LeadSource", picklist=["Fair"], restricted=True)], now=NOW)

    second = Org.from_lines(list(first.lines()), now=NOW)

    assert tracked(second) == tracked(first)
    assert values(second, "LeadSource") == ["Fair"]
    assert list(second.lines()) == list(first.lines())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"object": "Led"}, 'line 1: object: found "Led", expected an object such as Lead'),
        ({"name": "Lead_Score__c"}, 'line 1: name: found "Lead_Score__c", expected a field that every Lead has'),
        ({"picklist": ["a"]}, 'line 1: picklist: found ["a"], expected no values: Title is no picklist'),
        ({"type": "text"}, "line 1: type: found a key that a StandardField line does not have"),
    ],
)
def test_a_wrong_line_is_refused(said: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadLines) as error:
        Org.from_lines([{**line("Title"), **said}], now=NOW)

    assert error.value.problems[0].startswith(expected)
