from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sync.agreement.goals import Change
from sync.agreement.lint import lint_text
from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement, ScoreCrossed
from sync.agreement.presets import Preset, preset_named, presets
from sync.agreement.spans import Period, Span, parse_span
from sync.errors import UsageError
from sync.remarks import Level
from sync.roster import Roster

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "presets.md"
EVERY = pytest.mark.parametrize("preset", presets(), ids=attrgetter("name"))
OF_THE_EXAMPLE = ("define", "exclude", "excuse", "stage", "calendar", "touches", "reject", "disqualify", "recycle", "protect")
ONE_TABLE = ("cover", "recycle", "reject")
PROMISES = {"reject": {"reason"}, "stage": {"stale_after"}, "recycle": {"when", "within", "cool_off"}}  # a preset's are those of its source
SPANS = re.compile(r"^(?:within|at_least|at_most|stale_after|hand_over_within|cool_off)$")


class Number(NamedTuple):
    """A line of a preset's header: a number of the source, the key that holds it, and what it is."""

    value: str
    key: str
    remark: str


def numbers_of(preset: Preset) -> list[Number]:
    """Read the numbers that the header names."""
    lines = _header(preset, "Its numbers")
    return [Number(*(*re.split(r" {2,}", line.strip()), "")[:3]) for line in lines]


def unsaid_of(preset: Preset) -> list[str]:
    """Read what the header says the source says, and an agreement cannot."""
    return [line.strip().removeprefix("- ") for line in _header(preset, "What it says")]


def _header(preset: Preset, heading: str) -> list[str]:
    """Return the indented lines under a heading of the header."""
    for paragraph in preset.text.partition("\n\n")[0].split("\n#\n"):
        first, *rest = paragraph.removeprefix("#").strip().splitlines()
        if first.removeprefix("# ").startswith(heading):
            return [line.removeprefix("#") for line in rest]
    return []


def agreement_in(preset: Preset) -> Agreement:
    return agreement_of(preset.text, file=f"{preset.name}.toml")


def held_at(holder: Any, key: str) -> Any:
    """Return what an agreement, or a level of it, holds at a dotted key: `clock.first_touch.within`, `level.A.clock.…`."""
    section, _, path = key.partition(".")
    if not path or section in ONE_TABLE:
        return getattr(getattr(holder, section), path) if path else getattr(holder, section)
    name, _, rest = path.partition(".")
    rule = _named(getattr(holder, f"{section}s"), name)
    match rest.split("."):
        case ["clock" | "cadence", *_]:
            return held_at(rule, rest)
        case ["warn_at"]:
            return tuple(rule.within.length * share for share in rule.warn_at)
        case ["channels", kind]:
            return rule.channels[kind]
        case words:
            return getattr(rule, "_".join(words))


def _named(rules: Any, name: str) -> Any:
    return next(rule for rule in rules if rule.name == name)


def as_written(held: Any) -> str:
    match held:
        case Span() | Period():
            return held.text
        case Change():
            return f"{held.value:+.0%}"
        case _:
            return str(held)


def says(held: Any, value: str) -> bool:
    """Whether what an agreement holds is the number that a header names; of several, whether it is among them."""
    if isinstance(held, tuple):
        texts = {one.criterion.text for one in held if isinstance(one, ScoreCrossed)}
        return value in texts or (not texts and parse_span(value).length in held)
    return as_written(held) == value


def spans_in(table: Any) -> Iterator[str]:
    """Yield every span that the rules of a document write."""
    if isinstance(table, list):
        for one in table:
            yield from spans_in(one)
    elif isinstance(table, dict):
        for key, value in table.items():
            if isinstance(value, str) and SPANS.match(key):
                yield value
            else:
                yield from spans_in(value)


def test_the_ready_agreements_are_these() -> None:
    known = "abc articles chili-piper leadbadger marketo-customer marketo-early marketo-lifecycle pedowitz powerrouter roberge topline"
    assert [preset.name for preset in presets()] == known.split()


@EVERY
def test_a_preset_is_a_whole_agreement_without_problems(preset: Preset) -> None:
    assert agreement_in(preset).rule_names


OPEN = ("so a lead may rest there for ever", "is wall time")  # a stage of which the source says nothing, and hours that it counts so


@EVERY
def test_a_preset_has_no_flaw_but_what_its_source_leaves_open_or_says(preset: Preset) -> None:
    remarks = lint_text(agreement_in(preset), Roster())
    assert [remark for remark in remarks if remark.level is Level.ERROR or not any(what in remark.what for what in OPEN)] == []


@EVERY
def test_a_preset_tells_what_it_promises_and_where_its_numbers_come_from(preset: Preset) -> None:
    lines = preset.text.splitlines()
    assert lines[:2] == [f"# {preset.name}: {preset.line}", f"# Source: {preset.source}"]
    assert preset.line
    assert preset.source
    assert lines[2].startswith("# Caveat: ")


@EVERY
def test_each_number_of_the_header_stands_in_the_agreement(preset: Preset) -> None:
    agreement, numbers = agreement_in(preset), numbers_of(preset)
    assert numbers
    assert [number for number in numbers if not says(held_at(agreement, number.key), number.value)] == []


@EVERY
def test_the_rules_hold_no_span_that_the_header_does_not_name(preset: Preset) -> None:
    document = tomllib.loads(preset.text)
    rules = [document.get(section, []) for section in ("clock", "cadence", "level", "handoff", "cover", "stage")]
    rules += [{key: value for key, value in document["recycle"].items() if key in PROMISES["recycle"]}]
    assert set(spans_in(rules)) <= {number.value for number in numbers_of(preset)}


@EVERY
def test_what_the_source_leaves_open_is_as_in_the_example(preset: Preset) -> None:
    document, example = tomllib.loads(preset.text), tomllib.loads((ROOT / "agreement.example.toml").read_text(encoding="utf-8"))
    assert without_promises(document) == without_promises(example)
    assert example["fields"].items() <= document["fields"].items()


def without_promises(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a document says of words, stages, ways out and working time, without what it promises there."""
    return {section: _stripped(document[section], PROMISES.get(section, set())) for section in OF_THE_EXAMPLE}


def _stripped(table: Any, keys: set[str]) -> Any:
    if isinstance(table, list):
        return [_stripped(one, keys) for one in table]
    return {key: value for key, value in table.items() if key not in keys}


def test_a_rule_that_lost_its_number_is_noticed() -> None:
    preset = preset_named("pedowitz")
    changed = agreement_of(preset.text.replace('within  = "15 minutes"', 'within  = "16 minutes"'), file="pedowitz.toml")
    assert not says(held_at(changed, "clock.hot_first_touch.within"), "15 minutes")


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("pedowits", "did you mean `pedowitz`?"),
        ("Marketo-Early", "did you mean `marketo-early`?"),
        ("../roster", "known are: abc, articles"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_known_one(name: str, fix: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"there is no preset `{name}`")) as refused:
        preset_named(name)
    assert refused.value.fix.startswith(fix)


def test_the_reference_page_holds_every_number_and_source_and_no_other() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition("\n## Numbers\n")[2].strip() == facts().strip(), f"write this into {PAGE.name} under `## Numbers`:\n{facts()}"


def facts() -> str:
    """Return the facts of the reference page, as the headers have them."""
    numbers = [
        f"| `{preset.name}` | {number.value} | `{number.key}` | {number.remark} |" for preset in presets() for number in numbers_of(preset)
    ]
    sources = [f"| `{preset.name}` | {preset.source} | {_caveat(preset)} |" for preset in presets()]
    unsaid = [f"| `{preset.name}` | {what} |" for preset in presets() for what in unsaid_of(preset)]
    return "\n".join(
        [
            "\n| preset | number | key | |\n|---|---|---|---|",
            *numbers,
            "\n## Sources\n\n| preset | source | caveat |\n|---|---|---|",
            *sources,
            "\n## What a source says and an agreement cannot\n\n| preset | |\n|---|---|",
            *unsaid,
        ]
    )


def _caveat(preset: Preset) -> str:
    return preset.text.splitlines()[2].removeprefix("# Caveat: ")
