"""One thing that the agreement's lint has found, and where in the files it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sync.agreement.lines import Path, dotted, line_of
from sync.remarks import Level, Remark

AGREEMENT, ROSTER = "agreement.toml", "roster.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something that cannot be meant, or that people will stumble over."""

    level: Level
    path: Path
    what: str
    fix: str
    file: str = AGREEMENT

    def remark(self, text: str) -> Remark:
        """The flaw as it is told, with its line where `text`, the agreement's, shows it."""
        line = line_of(text, self.path) if self.file == AGREEMENT else None
        place = f"{self.file} line {line}" if line is not None else self.file
        return Remark(level=self.level, where=f"{place}: {dotted(self.path)}", what=self.what, fix=self.fix)


def error(path: Path, what: str, *, fix: str) -> Flaw:
    """A flaw by which leads would be judged wrongly, or not at all."""
    return Flaw(level=Level.ERROR, path=path, what=what, fix=fix)


def warning(path: Path, what: str, *, fix: str) -> Flaw:
    """A flaw that people will ask about."""
    return Flaw(level=Level.WARNING, path=path, what=what, fix=fix)


def note(path: Path, what: str, *, fix: str) -> Flaw:
    """Something that may well be meant, and is good to know."""
    return Flaw(level=Level.NOTE, path=path, what=what, fix=fix)
