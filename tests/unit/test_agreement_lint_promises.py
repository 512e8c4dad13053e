"""The agreement's lint of what starts and keeps a clock, and of the promises without a rule: what has the flaw, and a near miss."""

from __future__ import annotations

import pytest

from sync.remarks import Level
from tests.unit.test_agreement_lint import CRITERIA, EXAMPLE, Edit, told

ERROR, WARNING, NOTE = Level.ERROR, Level.WARNING, Level.NOTE
OPENS = '["stage MQL", "hand-raise: Demo request, Contact sales"]'


def found(*edits: Edit, more: str = "") -> list[tuple[Level, str]]:
    return [(level, where) for level, where, _ in told(*edits, more=more)]


def clock(keys: str) -> str:
    return f'\n[[clock]]\nname = "extra"\n{keys}\n'


def extra(starts: str, kept_by: str, keys: str = 'within = "3 business days"', *edits: Edit) -> list[tuple[Level, str]]:
    """What is told of one more clock, and of nothing else."""
    told_of = found(*edits, more=clock(f"starts = {starts}\nkept_by = {kept_by}\n{keys}"))
    return [(level, where.removeprefix("clock.extra.")) for level, where in told_of if where.startswith("clock.extra")]


def way_out(name: str) -> list[Edit]:
    """Take out how the CRMs show a way out."""
    start = EXAMPLE.index(f"\n[{name}]")
    block = EXAMPLE[start : EXAMPLE.index("\n\n", start)]
    kept = "\n".join(line for line in block.splitlines() if not line.startswith(("hubspot.", "salesforce.")))
    assert kept.strip() != block.strip()
    return [(block, f"\n{kept.strip()}")]


def unseen(stage: str) -> Edit:
    """Take out how the CRMs show a stage."""
    start = EXAMPLE.index(f'[[stage]]\nname    = "{stage}"')
    block = EXAMPLE[start : EXAMPLE.index("\n\n", start)]
    return block, "\n".join(line for line in block.splitlines() if not line.startswith(("hubspot.", "salesforce.")))


def test_a_clock_of_hand_raises_starts_at_any_form_where_none_is_listed() -> None:
    only_stage = (OPENS, '"stage MQL"')
    assert extra('"hand-raise"', '"answered"', 'within = "3 business days"', only_stage) == [(NOTE, "starts")]
    assert extra('"hand-raise"', '"answered"') == []


def test_a_clock_of_recycled_leads_never_starts_where_none_is_seen() -> None:
    assert (ERROR, "clock.nurture_returned.starts") in found(*way_out("recycle"))
    assert "clock.nurture_returned.starts" not in [where for _, where in found(*way_out("reject"))]


def test_nothing_starts_in_a_stage_that_no_record_shows() -> None:
    assert found(unseen("SAL")) == [
        (ERROR, "stage.SAL.stale_after"),
        (ERROR, "clock.decide.starts"),
        (ERROR, "cadence.work_the_lead.stage"),
    ]
    assert [where for _, where in found(unseen("SQL")) if where.startswith(("clock.decide.starts", "cadence", "stage.SAL"))] == []


def test_a_rule_that_starts_in_a_stage_before_the_handoff_is_a_note() -> None:
    assert {(NOTE, "clock.decide.starts"), (NOTE, "cadence.work_the_lead.stage")} <= set(found((OPENS, '"stage SQL"')))
    in_any_stage = found((OPENS, '["stage SQL", "hand-raise"]'))
    assert [where for _, where in in_any_stage if where.endswith((".starts", "cadence.work_the_lead.stage"))] == []


def test_a_handoff_that_opens_only_on_a_stage_that_no_record_shows_is_an_error() -> None:
    assert (ERROR, 'handoff."Marketing to SDR".opens_on') in found((OPENS, '"stage SQL"'), unseen("SQL"))
    assert 'handoff."Marketing to SDR".opens_on' not in str(found((OPENS, '["stage SQL", "hand-raise"]'), unseen("SQL")))


@pytest.mark.parametrize("fact", ["assigned", "rejected", "returned"])
def test_what_only_a_handoff_can_bring_keeps_no_clock_of_a_recycled_lead(fact: str) -> None:
    assert extra('"recycled"', f'"{fact}"') == [(ERROR, "kept_by")]
    assert extra('"recycled"', f'["{fact}", "touch"]') == [(WARNING, "kept_by")]
    assert extra('"handoff"', f'"{fact}"') == []


@pytest.mark.parametrize("fact", ["touch", "disqualified", "stage SQL"])
def test_what_may_come_after_a_handoff_keeps_a_clock_of_a_recycled_lead(fact: str) -> None:
    assert extra('"recycled"', f'"{fact}"') == []


@pytest.mark.parametrize(("way", "fact"), [("reject", "rejected"), ("recycle", "recycled"), ("disqualify", "disqualified")])
def test_a_way_out_that_no_record_shows_keeps_no_clock(way: str, fact: str) -> None:
    assert extra('"handoff"', f'"{fact}"', 'within = "3 business days"', *way_out(way)) == [(ERROR, "kept_by")]
    assert extra('"handoff"', f'["{fact}", "touch"]', 'within = "3 business days"', *way_out(way)) == [(WARNING, "kept_by")]
    assert extra('"handoff"', f'"{fact}"') == []


def test_a_stage_that_no_record_shows_keeps_no_clock_unless_a_later_one_may() -> None:
    keys = 'within = "3 business days"'
    assert extra('"handoff"', '"stage SQL"', keys, unseen("SQL")) == [(ERROR, "kept_by")]
    assert extra('"handoff"', '"stage SAL"', keys, unseen("SAL")) == [], "SQL stands for it"


def test_an_answer_to_nothing_is_a_warning() -> None:
    assert extra('"handoff"', '"answered"') == [(WARNING, "kept_by")]
    assert extra('"reply"', '"answered"') == []
    assert extra('"hand-raise"', '"answered"') == []


def test_nurturing_that_the_owner_owes_is_a_note() -> None:
    keys = 'within = "3 business days"\nowed_by = "marketing"'
    assert extra('"recycled"', '"nurtured"') == [(NOTE, "owed_by")]
    assert extra('"recycled"', '"nurtured"', keys) == []
    assert extra('"recycled"', '"nurtured"', keys + '\nby = "team"') == [(NOTE, "by")]
    assert extra('"recycled"', '["nurtured", "touch"]', keys + '\nby = "team"') == []


def test_a_touch_that_is_due_before_the_lead_need_have_an_owner_is_a_warning() -> None:
    def assigned_in(span: str, *edits: Edit) -> list[tuple[Level, str]]:
        return found(('within  = "15 minutes"', f'within  = "{span}"'), *edits)

    assert assigned_in("5 days") == [(WARNING, "clock.first_touch.within")]
    assert assigned_in("3 business hours") == [(WARNING, "clock.first_touch.within")]
    assert assigned_in("2 business hours") == []
    assert assigned_in("1 days") == [], "over a weekend the owner comes first"
    assert assigned_in("5 days", ('by       = "owner"', 'by       = "anyone"')) == []


def test_a_level_by_which_a_touch_is_due_too_soon_is_told_at_the_level() -> None:
    level = '\n[[level]]\nname = "Big"\nsegment = "employees > 1000"\nclock.first_touch.within = "30 business minutes"\n'
    slow = ('within  = "15 minutes"', 'within  = "1 business hour"')
    assert found(slow, more=level) == [(WARNING, "level.Big.clock.first_touch.within")]
    assert found(slow, more=level + 'clock.speed_to_assign.within = "10 business minutes"\n') == []


def stale(span: str) -> list[tuple[Level, str]]:
    return found(('stale_after = "5 business days"', f'stale_after = "{span}"'))


def test_staleness_that_no_hours_can_keep_is_told() -> None:
    assert stale("3000 business days") == [(ERROR, "stage.SAL.stale_after")]
    assert stale("500 business days") == []


def test_staleness_in_wall_time_that_nights_use_up_is_a_warning() -> None:
    assert (WARNING, "stage.SAL.stale_after") in stale("2 hours")
    assert stale("14 days") == []


def test_leads_that_go_stale_between_two_attempts_are_a_warning() -> None:
    assert stale("2 business hours") == [(WARNING, "stage.SAL.stale_after")]
    assert stale("4 business hours") == []


def handing_over(key: str, *edits: Edit) -> list[tuple[Level, str]]:
    prefix = 'handoff."Marketing to SDR".'
    own = ('hand_over_within = "24 hours"', key)
    return [(level, where.removeprefix(prefix)) for level, where in found(own, *edits) if where.startswith(prefix)]


def test_a_lead_that_cannot_be_handed_over_in_time_is_an_error() -> None:
    assert handing_over('hand_over_within = "3000 business days"') == [(ERROR, "hand_over_within")]
    assert handing_over('hand_over_within = "500 business days"') == []
    assert handing_over('hand_over_within = "3000 business days"', (CRITERIA, "")) == [], "no lead is missed where none can qualify"


def test_a_remedy_for_missed_leads_where_none_is_missed_is_a_warning() -> None:
    assert handing_over('if_missed = "promote"', (CRITERIA, "")) == [(WARNING, "if_missed")]
    assert handing_over('if_missed = "promote"') == []


def test_a_remedy_for_leads_handed_over_too_soon_where_nothing_is_asked_of_them_is_a_warning() -> None:
    nothing_asked = ((CRITERIA, ""), ('required = ["email", "company", "phone"]', ""))
    assert handing_over('if_premature = "return"', *nothing_asked) == [(WARNING, "if_premature")]
    assert handing_over('if_premature = "return"', nothing_asked[0]) == []
    assert handing_over('if_premature = "return"\nrequired = "email"', *nothing_asked) == []


def test_a_reason_that_is_never_asked_for_is_a_warning() -> None:
    reason = ('# reason = "reject_reason"', 'reason = "country" #')
    assert (WARNING, "reject.reason") in found((way_out("reject")[0][0], way_out("reject")[0][1].replace(*reason)))
    assert found(reason) == []


def test_leads_that_must_go_back_where_none_is_seen_to_is_a_warning() -> None:
    assert (WARNING, "recycle") in found(*way_out("recycle"))
    assert (WARNING, "recycle") not in found(*way_out("disqualify"))


def test_a_cause_of_going_back_that_never_comes_is_a_warning() -> None:
    not_stale = (next(line for line in EXAMPLE.splitlines() if line.startswith("stale_after")), "")
    assert found(not_stale) == [(WARNING, "recycle.when")]
    assert found(not_stale, ('stale = "stale", ', "")) == []
    assert (WARNING, "recycle.when") in found(*way_out("reject"))


def test_a_way_back_that_no_hours_can_keep_is_told() -> None:
    own = 'within       = "1 business day"'
    assert found((own, 'within = "3000 business days"')) == [(ERROR, "recycle.within")]
    assert found((own, 'within = "2 hours"')) == [(WARNING, "recycle.within")]
    assert found((own, 'within = "10 business days"')) == []


def cool_off(period: str) -> list[tuple[Level, str]]:
    return found(('cool_off     = "30 days"', f'cool_off = "{period}"'))


def test_leads_that_may_return_before_a_score_can_hand_them_over_are_a_warning() -> None:
    assert cool_off("45 days") == [(WARNING, "recycle.cool_off")]
    assert cool_off("1 month") == [], "30 days are longer than February"


def test_a_cool_off_longer_than_every_return_is_a_note() -> None:
    assert cool_off("91 days") == [(NOTE, "recycle.cool_off")]
    assert cool_off("90 days") == [(WARNING, "recycle.cool_off")]


def test_cover_that_no_hours_can_keep_is_told() -> None:
    own = '[cover]                                      # a lead whose owner is away, has left, or is nobody\nwithin = "1 business day"'
    assert found((own, '[cover]\nwithin = "3000 business days"')) == [(ERROR, "cover.within")]
    assert found((own, '[cover]\nwithin = "2 hours"')) == [(WARNING, "cover.within")]
    assert found((own, '[cover]\nwithin = "3 business days"')) == []
