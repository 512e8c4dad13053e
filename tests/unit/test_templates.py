"""Texts of messages by templates of the config: what they may say, and what is wrong with one is said before it is ever sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sync.letter import Letter
from sync.letter_samples import sample
from sync.letter_words import WORDS, words_of
from sync.messages import Kind
from sync.problems import Problem
from sync.templates import OURS, read_templates


def problem_with(folder: Path, text: str, name: str = "reminder.txt") -> Problem:
    (folder / name).write_text(text)
    templates, (problem,) = read_templates(folder)
    assert templates == OURS
    assert problem.file == str(folder / name)
    return problem


def test_the_first_line_is_the_title_and_the_rest_the_text(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text(
        "{{ rule }}: {{ percent }}% over\n\n{% if addressee %}\nDear {{ addressee }},\n{% endif %}\n{{ text.splitlines()[0] }}\n"
    )
    templates, problems = read_templates(tmp_path)
    assert problems == []

    known, ours = sample(Kind.REMINDER, is_shared=True)
    text = "Dear Ann Example,\nfirst_touch is due on Wed 2026-11-18 16:00 UTC; 80% of its time has passed."
    assert templates.letter(known, ours, is_shared=True) == Letter(title="first_touch: 80% over", body=text)
    known, ours = sample(Kind.GIVEN, is_shared=True)
    assert templates.letter(known, ours, is_shared=True) == ours, "a kind without a template"


def test_digests_have_templates_too(tmp_path: Path) -> None:
    (tmp_path / "digest.txt").write_text(
        "{{ messages | length }} things\n{% for one in messages %}\n{{ one.title }} {{ one.link }}\n{% endfor %}"
    )
    (tmp_path / "daily.txt").write_text("{{ day }}\n{% for one in due_today + broken %}\n{{ one.rule }} {{ one.due }}\n{% endfor %}")
    templates, problems = read_templates(tmp_path)
    assert problems == []
    digest = templates.letter(*sample(Kind.DIGEST, is_shared=False), is_shared=False)
    assert digest.title == "2 things" and digest.body.splitlines()[1] == "A lead is yours now: hubspot/contact/101 https://crm.example/101"
    daily = templates.letter(*sample(Kind.DAILY, is_shared=False), is_shared=False)
    assert (daily.title, daily.body.splitlines()[0]) == ("2026-11-18", "first_touch Wed 2026-11-18 16:00 UTC")


def test_a_name_that_no_message_has_is_said_with_its_line_and_the_nearest_one(tmp_path: Path) -> None:
    problem = problem_with(tmp_path, "{{ rule }}\n\n{{ ownr }}")
    assert (problem.where, problem.found, problem.fix) == ("line 3", "'ownr'", "did you mean `owner`?")


def test_a_slip_in_the_template_is_said_with_its_line(tmp_path: Path) -> None:
    problem = problem_with(tmp_path, "{{ rule }}\n{% if due %}\n{% fi %}")
    assert problem.where == "line 3" and "unknown tag 'fi'" in problem.found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ rule }}\n{% for one in messages + 1 %}{% endfor %}", "TypeError"),
        ("{{ rule }}\n{{ rule.nothing }}", "UndefinedError"),
        ("{{ rule }}\n{{ rule.__class__.__mro__ }}", "SecurityError"),
        ("{{ rule }}\n{{ 1 // 0 }}", "ZeroDivisionError"),
        ('{{ rule }}\n{% include "other.txt" %}', "TypeError"),
    ],
)
def test_what_fails_with_an_invented_message_is_said_with_its_line(tmp_path: Path, text: str, found: str) -> None:
    problem = problem_with(tmp_path, text)
    assert (problem.where, problem.found.partition(":")[0]) == ("line 2", found)


def test_a_template_that_says_nothing_a_strange_name_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    assert problem_with(tmp_path, "{% if plan == 'x' %}y{% endif %}").found == "no text"
    (tmp_path / "reminder.txt").unlink()
    problem = problem_with(tmp_path, "x", name="remainder.txt")
    assert problem.fix == "did you mean `reminder`?"
    _, (missing,) = read_templates(tmp_path / "nowhere")
    assert missing.found == "no such folder"


def test_what_fails_when_it_is_sent_after_all_is_written_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_text("{{ rule }} {% if not link %}{{ 1 // 0 }}{% endif %}")
    templates, problems = read_templates(tmp_path)
    assert problems == []
    (known,), ours = sample(Kind.REMINDER, is_shared=False)
    assert templates.letter([replace(known, page=None)], ours, is_shared=False) == ours


def test_values_of_a_crm_are_cleaned_for_templates_too() -> None:
    (known,), _ = sample(Kind.REMINDER, is_shared=True)
    words = words_of([replace(known, name="<!channel> [a](http://evil.example)\x1b")], is_shared=True)
    assert words["owner"] == words["addressee"] == "‹!channel› (a)(http:/ /evil.example)"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_sample_and_all_words(kind: Kind) -> None:
    known, ours = sample(kind, is_shared=True)
    assert ours.title and ours.body
    words = words_of(known, is_shared=True)
    assert set(words) == set(WORDS) and words["kind"] == kind.value
