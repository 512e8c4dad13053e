"""The pure parts of the daemon's server: who may ask, what a hint is, when it is ready, and which stage a lead stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from connectors.records import RecordKey
from sync.agreement.model import CrmKind
from sync.web.allowance import Allowance, bears, is_asked_as
from sync.web.complaints import EVERY_S, Complaints
from sync.web.stages import Held, count_stages
from sync.web.watched import MOST_KEYS, Hints
from tests.builders import the_practice_agreement

TOKEN = "t" * 32


def test_so_many_calls_at_once_and_then_as_many_as_a_second_allows() -> None:
    allowance = Allowance(per_s=2.0, at_once=3)
    assert [allowance.takes(100.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.takes(100.5) for _ in range(2)] == [True, False]
    assert [allowance.takes(1000.0) for _ in range(4)] == [True, True, True, False]  # a long quiet saves up no more


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8321", "127.0.0.1:1", "[::1]", "[::1]:80"])
def test_this_machine_is_asked_under_its_own_names(host: str) -> None:
    assert is_asked_as(host, frozenset({"localhost", "127.0.0.1", "[::1]"}))


@pytest.mark.parametrize("host", [None, "", "evil.example.com", "127.0.0.1.example.com", "localhost.example.com:8321", "[::2]", "::1"])
def test_any_other_name_is_somebody_elses(host: str | None) -> None:
    assert not is_asked_as(host, frozenset({"localhost", "127.0.0.1", "[::1]"}))


@pytest.mark.parametrize(
    ("header", "is_borne"),
    [(f"Bearer {TOKEN}", True), (f"bearer  {TOKEN} ", True), (TOKEN, False), (f"Basic {TOKEN}", False), ("Bearer", False), (None, False)],
)
def test_a_token_is_borne_whole(header: str | None, is_borne: bool) -> None:
    assert bears(header, TOKEN) is is_borne
    assert not bears(header and header.replace("t", "ü"), TOKEN)


def test_hints_are_bounded_and_each_key_counts_once() -> None:
    keys = [RecordKey("hubspot", "contact", str(number)) for number in range(MOST_KEYS + 1)]
    assert Hints.of(keys[:-1] * 2) == Hints(frozenset(keys[:-1]))
    assert Hints.of(keys) == Hints(everything=True)
    assert Hints.of(keys[:-1]).plus(Hints.of(keys[-1:])) == Hints(everything=True)
    assert Hints.of(keys[:1]).plus(Hints(everything=True)) == Hints(everything=True)
    assert Hints.of(keys[:1]).plus(Hints.of(keys[1:2])) == Hints(frozenset(keys[:2]))
    assert not Hints.of([]) and Hints(everything=True)


def test_refusals_are_told_once_a_minute_with_all_that_came_between() -> None:
    now_s = 1000.0
    lines: list[Mapping[str, int]] = []
    complaints = Complaints(lines.append, lambda: now_s)
    for _ in range(5001):
        complaints.add("forged")
    now_s += EVERY_S
    complaints.add("old")
    assert lines == [{"forged": 1}, {"forged": 5000, "old": 1}]


def test_leads_are_counted_by_the_way_out_else_the_last_stage() -> None:
    held = {"marketingqualifiedlead": 3, "salesqualifiedlead": 2, "customer": 4, None: 5, "MarketingQualifiedLead": 1}

    def of(kind: CrmKind, fields: Sequence[str]) -> Held:
        if kind != ("hubspot", "contact"):
            return {}
        status, stage = fields.index("hs_lead_status"), fields.index("lifecyclestage")
        found: dict[tuple[str | None, ...], int] = {}
        for lifecycle, leads in held.items():
            values: list[str | None] = [None] * len(fields)
            values[stage] = lifecycle
            found[tuple(values)] = leads
        gone: list[str | None] = [None] * len(fields)
        gone[status], gone[stage] = "RECYCLED", "marketingqualifiedlead"
        return found | {tuple(gone): 7}

    counted = count_stages(the_practice_agreement(), of)
    assert counted["recycled"] == 7
    assert counted["MQL"] == 4
    assert sum(counted.values()) == 22
    assert counted["rejected"] == 0
