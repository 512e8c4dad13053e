"""The reasons that this portal's pages offer when a lead goes back, by value and label. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

REJECT_FIELD = "lead_reject_reason"
RECYCLE_FIELD = "lead_recycle_reason"
REJECT_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "DUPLICATE": "Duplicate",
        "BAD_DATA": "Bad data",
        "R3": "Not our market",  # only its label tells
        "ALREADY-IN-AN-OPEN-DEAL": "Open deal",  # only its value tells
        "NOT_INTERESTED": "Not interested",
        "NO_BUDGET": "No budget",
    }
)
RECYCLE_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "NO_RESPONSE": "No response",
        "STALE": "Stale",
        "TIMING": "Timing",
        "NEEDS_NURTURE": "Needs nurture",
        "OTHER": "Other",
    }
)
LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType({REJECT_FIELD: REJECT_OPTIONS, RECYCLE_FIELD: RECYCLE_OPTIONS})


def reason_lines() -> list[dict[str, Any]]:
    """The two properties as lines of a portal file."""
    names = {REJECT_FIELD: "Reject reason", RECYCLE_FIELD: "Recycle reason"}
    return [_line(name, names[name], options) for name, options in LABELS.items()]


def _line(name: str, label: str, options: Mapping[str, str]) -> dict[str, Any]:
    listed = [{"value": value, "label": text, "displayOrder": order} for order, (value, text) in enumerate(options.items())]
    what = {"object": "properties", "objectType": "contacts", "name": name, "label": label}
    return {**what, "type": "enumeration", "fieldType": "select", "options": listed}
