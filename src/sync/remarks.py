"""What a check has to say, each with its fix. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a remark is."""

    ERROR = "error"  # leads would be judged wrongly, or not at all
    WARNING = "warning"  # something is missing that people will ask for
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that `leadpact check` has to say."""

    level: Level
    where: str  # file and key, or the CRM
    what: str
    fix: str
    of_the_world: bool = False  # a CRM that does not answer: nothing in the files is wrong
