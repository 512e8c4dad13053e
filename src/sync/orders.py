"""Plans that a person orders, beside those of a run: what was from before enforcement, and the leads of somebody who leaves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sync.agreement.model import OFFBOARD

BACKLOG = "backlog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Do what passages from before enforcement ask for."""

    any_age: bool = False  # also what is older than `max_act_age`


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboard:
    """Give the open leads of an owner to others."""

    owner: str  # id in the CRM that says who owns leads
    pool: str | None = None  # None: that of each lead's handoff


Order = Backlog | Offboard


def command_of(order: Order | None) -> str:
    """Return the command that makes a plan like the one that was ordered, or that a run made, anew."""
    match order:
        case None:
            return "leadpact sync --dry-run --out plan.json"
        case Backlog():
            return f"leadpact backlog --plan{' --older' if order.any_age else ''} --out plan.json"
        case Offboard():
            return f"leadpact offboard {order.owner}{f' --to {order.pool}' if order.pool is not None else ''} --out plan.json"


def order_json(order: Order | None) -> dict[str, Any]:
    """Return an order as the store keeps it; empty where nobody ordered anything."""
    match order:
        case None:
            return {}
        case Backlog():
            return {BACKLOG: asdict(order)}
        case Offboard():
            return {OFFBOARD: asdict(order)}


def order_from(told: Mapping[str, Any]) -> Order | None:
    """Read what `order_json` wrote."""
    if BACKLOG in told:
        return Backlog(**told[BACKLOG])
    return Offboard(**told[OFFBOARD]) if OFFBOARD in told else None
