"""The truth about a world, as a document to compare findings with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.world.make import World
from sandbox.world.promises import Promise
from sandbox.world.sheet import iso


def truth_document(world: World, rules: Mapping[str, str]) -> dict[str, Any]:
    """Tell every promise of `world`, and every activity that is no touch, by the name its rule has in an agreement.

    KeyError for a promise without a rule.
    """
    return {
        "now": iso(world.now),
        "promises": [_row(promise, rules) for promise in world.promises],
        "touches": [
            {"record": row.record, "rule": rules[row.promise], "activity": row.activity, "reason": row.reason} for row in world.not_counted
        ],
    }


def _row(promise: Promise, rules: Mapping[str, str]) -> dict[str, Any]:
    return {
        "record": promise.record,
        "rule": rules[promise.promise],
        "started_at": _iso(promise.started_at),
        "status": promise.status,
        "due_at": _iso(promise.due_at),
        "side": promise.side,
        "why": promise.why,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
