"""The three files of one account, read together: all that is wrong in any of them is told at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sync.agreement.load import load_agreement
from sync.agreement.model import Agreement
from sync.config import Config, config_file, load_config, misfits
from sync.problems import Problem, Problems
from sync.roster import Roster
from sync.roster_load import load_roster
from sync.templates import OURS, Templates, read_templates

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The three files of one account, read and checked."""

    config: Config
    agreement: Agreement
    roster: Roster
    templates: Templates = OURS


def read_files(path: Path | None, env: Mapping[str, str] | None = None) -> Files:
    """Read config, agreement and roster under `env` (None: of this process); raises Problems with all that is wrong in any of them."""
    problems: list[Problem] = []
    file = config_file(path)
    config = _gathered(lambda: load_config(file, os.environ if env is None else env), problems)
    folder = file.parent
    agreement_path, roster_path = (config.agreement, config.roster) if config else (folder / "agreement.toml", folder / "roster.toml")
    agreement = _gathered(lambda: load_agreement(agreement_path), problems)
    roster = _gathered(lambda: load_roster(roster_path, agreement=agreement), problems)
    if config is not None and agreement is not None:
        problems += misfits(config, agreement)
    templates, wrong = read_templates(config.templates if config is not None else None)
    problems += wrong
    if problems or config is None or agreement is None or roster is None:
        raise Problems(problems)
    return Files(config=config, agreement=agreement, roster=roster, templates=templates)


def _gathered(read: Callable[[], T], problems: list[Problem]) -> T | None:
    """Return what `read` gives, or add its problems to the list of all."""
    try:
        return read()
    except Problems as error:
        problems += error.problems
        return None


def read_files_without_roster(path: Path | None) -> Files:
    """Read config and agreement; the roster, which is about to be drafted or does not matter, may be missing or wrong."""
    config = load_config(path, os.environ)
    return Files(config=config, agreement=load_agreement(config.agreement), roster=Roster())
