"""Reads an agreement file into the frozen agreement, or says everything that is wrong with it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

from sync.agreement.build import Source, build_agreement
from sync.agreement.compiling import compile_all
from sync.agreement.model import Agreement
from sync.agreement.references import References
from sync.agreement.schema import AgreementTable
from sync.agreement.versions import content_hash
from sync.problems import Problems
from sync.shape import read_shape
from sync.toml_text import TomlText, read_toml

DaySpan = tuple[date, date]  # first and last day

# What takes the place of a missing or wrong value while the rest is checked; an agreement with a problem is never returned.
_STAND_INS = {
    "title": "untitled",
    "effective": date(2000, 1, 1),
    "timezone": "UTC",
    "side": "sales",
    "meaning": "?",
    "why": "?",
    "starts": "handoff",
    "kept_by": "touch",
    "within": "1 day",
    "attempts": 1000,
    "opens_on": "hand-raise",
    "metric": "?",
    "target": 1,
    "period": "month",
}


def load_agreement(path: Path, *, span: DaySpan | None = None) -> Agreement:
    """Read the agreement at `path`.

    Its calendars cover `span`, by default from ten years before it takes effect to five after it: give the day of the oldest
    lead where there may be older ones. Raises Problems with everything that is wrong.
    """
    return _checked(read_toml(path, missing="write an agreement, or let `leadpact init` draft one"), span)


def agreement_of(text: str, *, file: str, span: DaySpan | None = None) -> Agreement:
    """Read an agreement from its kept text; `file` names it in messages. Raises Problems."""
    return _checked(TomlText(file=file, text=text, document=tomllib.loads(text)), span)


def _checked(toml: TomlText, span: DaySpan | None) -> Agreement:
    table, problems = read_shape(AgreementTable, toml.document, file=toml.file, stand_ins=_STAND_INS)
    if table is None:
        raise Problems(problems)
    problems += References(table, toml.document, file=toml.file).problems()
    names_are_whole = not any(problem.where.startswith(("fields", "define")) for problem in problems)
    compiled, wrong = compile_all(table, file=toml.file, names_are_whole=names_are_whole, span=span)
    problems += wrong
    if problems:
        raise Problems(problems)
    source = Source(file=toml.file, text=toml.text, document=toml.document, hash=content_hash(toml.document))
    return build_agreement(table, compiled, source)
