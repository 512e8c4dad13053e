"""Texts of messages by templates of the config, in place of ours: checked when they are read, so that none fails when it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from sync.letter import Known, Letter
from sync.letter_words import WORDS, words_of
from sync.messages import Kind
from sync.plain import plain
from sync.problems import Problem, choose_fix, listed, quoted

if TYPE_CHECKING:
    from jinja2 import Environment, Template

log = structlog.get_logger()
ENDING = ".txt"
KINDS = tuple(kind.value for kind in Kind)
LONGEST = 20_000  # characters of a text


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of a folder by kind of message; none of them: all texts are ours."""

    _by_kind: Mapping[Kind, Template] = field(default_factory=dict)

    def letter(self, known: Sequence[Known], ours: Letter, *, is_shared: bool) -> Letter:
        """Return what the template for a message, or for a digest of several, makes of it: its first line is the title; else `ours`."""
        kind = known[0].message.kind if len(known) == 1 else Kind.DIGEST
        if kind not in self._by_kind:
            return ours
        try:
            rendered = self._by_kind[kind].render(words_of(known, is_shared=is_shared))
        except failures() as error:  # of an invented message it made a text
            log.warning("template_failed", kind=kind.value, error=type(error).__name__)
            return ours
        text = plain(rendered, keep_lines=True)
        title, _, body = text.strip("\n")[:LONGEST].partition("\n")
        return Letter(title=title.strip() or ours.title, body=body.strip("\n") or title.strip() or ours.body)


OURS = Templates()


def read_templates(folder: Path | None) -> tuple[Templates, list[Problem]]:
    """Read the templates of a folder, and all that is wrong with them: each is compiled, and tried with an invented message."""
    if folder is None:
        return OURS, []
    if not folder.is_dir():
        return OURS, [_problem(folder, found="no such folder", expected="a folder of templates", fix="make it, or correct the path")]
    found, problems, environment = dict[Kind, "Template"](), list[Problem](), _environment()
    for file in sorted(folder.glob(f"*{ENDING}")):
        if file.stem not in KINDS:
            fix = choose_fix(file.stem, KINDS, otherwise=f"known are: {listed(KINDS)}")
            problems.append(_problem(file, found=quoted(file.name), expected="the kind of a message and .txt", fix=fix))
            continue
        template, wrong = _read(file, environment)
        problems += wrong
        if template is not None:
            found[Kind(file.stem)] = template
    return Templates(found), problems


def failures() -> tuple[type[Exception], ...]:
    """Return what working out a template may raise."""
    from jinja2 import TemplateError  # noqa: PLC0415

    return TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError


def _environment() -> Environment:
    from jinja2 import StrictUndefined  # noqa: PLC0415 - only who has templates pays for it
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    return ImmutableSandboxedEnvironment(  # plain text, whose values are cleaned before
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


def _read(file: Path, environment: Environment) -> tuple[Template | None, list[Problem]]:
    from jinja2 import TemplateError, TemplateSyntaxError  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
        problems = list(_unknown_words(file, text, environment))
        template = environment.from_string(text)
        if not problems:
            problems = list(_tried(file, template))
    except TemplateSyntaxError as error:
        problems = [_problem(file, line=error.lineno, found=str(error.message), expected="a Jinja template", fix="correct this line")]
    except (OSError, UnicodeDecodeError):
        problems = [_problem(file, found="a file that cannot be read", expected="text in UTF-8", fix="check its mode and encoding")]
    except TemplateError as error:
        problems = [_problem(file, found=str(error), expected="a Jinja template", fix="correct it")]
    return (None, problems) if problems else (template, [])


def _unknown_words(file: Path, text: str, environment: Environment) -> Iterator[Problem]:
    """Yield a problem for each name that no message has, at the line where it stands first."""
    from jinja2.meta import find_undeclared_variables  # noqa: PLC0415
    from jinja2.nodes import Name  # noqa: PLC0415

    tree = environment.parse(text)
    for name in sorted(find_undeclared_variables(tree) - set(WORDS)):
        line = min((node.lineno for node in tree.find_all(Name) if node.name == name), default=1)
        fix = choose_fix(name, WORDS, otherwise=f"known are: {listed(WORDS)}")
        yield _problem(file, line=line, found=quoted(name), expected="something that a message says", fix=fix)


def _tried(file: Path, template: Template) -> Iterator[Problem]:
    """Yield what goes wrong with invented messages of the template's kind."""
    from sync.letter_samples import sample  # noqa: PLC0415

    kind = Kind(file.stem)
    for is_shared in (False, True):
        known, _ = sample(kind, is_shared=is_shared)
        try:
            text = template.render(words_of(known, is_shared=is_shared))
        except failures() as error:
            yield _problem(file, line=_line_of(error), found=f"{type(error).__name__}: {error}", expected="a text", fix="correct this line")
            return
        if not text.strip():
            yield _problem(file, found="no text", expected="a first line, the title, and more", fix="write some")
            return


def _line_of(error: BaseException) -> int | None:
    """Return the line of a template in which an error arose."""
    line, trace = None, error.__traceback__
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "<template>" else line
        trace = trace.tb_next
    return line


def _problem(file: Path, *, found: str, expected: str, fix: str, line: int | None = None) -> Problem:
    return Problem(file=str(file), where=f"line {line}" if line is not None else "", found=found, expected=expected, fix=fix)
