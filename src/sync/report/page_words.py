"""Figures, spans and names as the page shows them. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sync.history import local_text
from sync.plain import plain
from sync.report.summary import Tally

NAME_MOST = 60  # letters: longer names are cut, so that one cannot push the rest off the page
TEXT_MOST = 400
UNKNOWN_DAY = "at an unknown moment"
UNITS = (("day", "days", 86_400), ("h", "h", 3_600), ("min", "min", 60))


def cut(text: str, most: int = NAME_MOST) -> str:
    """Return `text` harmless and at most `most` letters long; what was cut away is marked with an ellipsis."""
    harmless = plain(text)
    return harmless if len(harmless) <= most else f"{harmless[: most - 1]}…"


def attainment_text(tally: Tally) -> str:
    """Return `72.3%`, rounded down so that only a promise never broken shows 100%; a dash where nothing was decided."""
    decided = tally.kept + tally.broken
    if not decided:
        return "–"
    tenths = tally.kept * 1_000 // decided
    return "100%" if tenths == 1_000 else f"{tenths // 10}.{tenths % 10}%"


def span_text(seconds: int) -> str:
    """Return a span in its two largest units, rounded down: `3 days 4 h`, `2 h 5 min`, `under a minute`."""
    parts: list[str] = []
    for one, many, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {one if count == 1 else many}")
        elif parts:
            break
    return " ".join(parts[:2]) or "under a minute"


def moment_text(at: datetime | None, zone: tzinfo) -> str:
    """Return a moment as people of `zone` write it; one that is not known is said to be so."""
    return local_text(at, zone) if at is not None else UNKNOWN_DAY


def rule_title(rule: str) -> str:
    """Return a rule's name as a heading: `first_touch` is `First touch`."""
    words = rule.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
