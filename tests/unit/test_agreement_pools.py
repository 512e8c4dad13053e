"""What an agreement says of pools: whose a lead is before the turns, shifts, and the fallback; as read, linted and told in a diff."""

from __future__ import annotations

import pytest

from sync.agreement.changes import changes_between
from sync.agreement.lint import lint_text
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.problems import Problems
from sync.remarks import Level
from sync.report.agreement_changes import change_lines
from sync.roster import Roster
from tests.builders import ANN, ROOT, the_roster

EXAMPLE = (ROOT / "agreement.example.toml").read_text(encoding="utf-8")
ORDER = ("open deal owner", "account owner", "previous owner")


def text_with(of_pool: str) -> str:
    return f"{EXAMPLE}\n[pool.sdr]\n{of_pool}\n"


def read(of_pool: str) -> Agreement:
    return agreement_of(text_with(of_pool), file="agreement.toml")


def test_a_pool_that_says_nothing_asks_deal_account_and_former_owner_first_and_gives_leads_at_any_hour() -> None:
    for agreement in (agreement_of(EXAMPLE, file="agreement.toml"), read("")):
        assert (agreement.pools["sdr"].first, agreement.pools["sdr"].only_on_shift) == (ORDER, False)


def test_a_pool_may_say_another_order_or_none() -> None:
    assert read('first = ["previous owner", "account owner"]\nonly_on_shift = true').pools["sdr"].first == ORDER[:0:-1]
    assert read("first = []").pools["sdr"].first == ()


def test_a_word_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(Problems) as caught:
        read('first = ["deal owner"]')
    (problem,) = caught.value.problems
    assert problem.where == "pool.sdr.first[1]"
    assert "open deal owner" in f"{problem.expected} {problem.fix}"


def remarks(of_pool: str, roster: Roster) -> list[tuple[Level, str, str]]:
    found = lint_text(read(of_pool), roster)
    return [(one.level, one.where.partition(": ")[2], one.what) for one in found if ": pool." in one.where]


def test_a_fallback_is_a_person_or_another_pool_of_the_roster() -> None:
    roster = the_roster(pools={"sdr": [ANN], "rest": [ANN]})
    what = "`restt` is neither a person nor a pool of the roster: such leads stay where they are"
    assert remarks('fallback = "restt"', roster) == [(Level.WARNING, "pool.sdr.fallback", what)]
    assert remarks('fallback = "sdr"', roster) == [(Level.WARNING, "pool.sdr.fallback", "the pool falls back to itself")]
    assert remarks('fallback = "rest"', roster) == remarks(f'fallback = "{ANN}"', roster) == []


def test_a_word_that_stands_twice_is_told() -> None:
    twice = '["account owner", "open deal owner", "account owner"]'
    assert remarks(f"first = {twice}", Roster()) == [(Level.WARNING, "pool.sdr.first", "`account owner` stands twice")]


def test_a_diff_tells_in_plain_words_what_changed_of_a_pool() -> None:
    before = text_with('first = ["open deal owner", "account owner"]')
    after = text_with('first = ["account owner"]\nonly_on_shift = true')
    assert list(change_lines(changes_between(before, after))) == [
        "pools",
        "  `sdr`: first: removed open deal owner",
        "  `sdr`: now says only on shift yes",
    ]
