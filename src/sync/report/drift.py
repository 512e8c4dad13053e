"""What a reconciliation found and did, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.plain import plain

WORDS = {
    "missed": "there, and not held",
    "deleted": "held, and deleted there",
    "merged": "held, and merged there",
    "erased": "held, and erased there",
    "value": "another value",
    "link": "link not held",
    "write": "written by leadpact, and not there any more",
}


def drift_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the summary of a run of the kind `reconcile` tells: each part, what differed and why, and what was left out."""
    for part in sorted(summary.get("reconciled", ()), key=lambda part: (part["crm"], part["part"])):
        differs = sum(one["count"] for one in part["drift"])
        end = f"left out: {part['why']}" if part["state"] == "left out" else f"{differs:,} difference{'s' * (differs != 1)}"
        yield plain(f"{part['crm']} {part['part']}: {part['rows']:,} compared, {end}")
        yield from (plain(f"    {_sort(one)}") for one in part["drift"])
    if (kept := summary.get("kept")) is not None:
        yield from _kept_lines(kept)


def _sort(one: Mapping[str, Any]) -> str:
    field = f" in {one['field']}" if one["field"] else ""
    return f"{one['count']:,} x {WORDS[one['what']]}{field}: {one['why']} ({_named(one['keys'], one['count'])})"


def _named(keys: Sequence[str], count: int) -> str:
    return ", ".join(keys) + (", …" if count > len(keys) else "")


def _kept_lines(kept: Mapping[str, Any]) -> Iterator[str]:
    if kept["erased"]:
        yield f"store: erased {kept['erased']:,} records of persons who were deleted longer ago than retention.deleted"
    if kept["given_back"]:
        yield f"store: gave {kept['given_back']:,} bytes back to the disk"
    yield plain(f"store: backed up to {kept['backup']}")
