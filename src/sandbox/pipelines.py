"""Pipelines and their stages; those a portal starts with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BIRTH = "1970-01-01T00:00:00Z"  # what HubSpot tells as the creation of its own stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage; `metadata` as HubSpot sends it, every value a string."""

    id: str
    label: str
    order: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: str = BIRTH

    @property
    def is_closed(self) -> bool:
        """Whether a deal or ticket in it is closed."""
        return self.metadata.get("isClosed") == "true" or self.metadata.get("ticketState") == "CLOSED"

    @property
    def is_won(self) -> bool:
        """Whether a deal in it is won: closed, and certain."""
        return self.is_closed and float(self.metadata.get("probability") or 0) == 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline with its stages in display order."""

    id: str
    label: str
    order: int
    stages: tuple[Stage, ...]
    created_at: str = BIRTH


def _deal_stage(order: int, id_: str, label: str, probability: str) -> Stage:
    closed = "true" if probability in ("1.0", "0.0") else "false"
    return Stage(id=id_, label=label, order=order, metadata={"isClosed": closed, "probability": probability})


_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment made", "0.2"),
    ("qualifiedtobuy", "Qualified to buy", "0.4"),
    ("presentationscheduled", "Presentation planned", "0.6"),
    ("decisionmakerboughtin", "Decision maker convinced", "0.8"),
    ("contractsent", "Contract sent", "0.9"),
    ("closedwon", "Won", "1.0"),
    ("closedlost", "Lost", "0.0"),
)
_TICKET_STAGES = (
    ("1", "New", "OPEN"),
    ("2", "Waiting for the customer", "OPEN"),
    ("3", "Waiting for us", "OPEN"),
    ("4", "Closed", "CLOSED"),
)
_LEAD_STAGES = (
    ("new-stage-id", "New", "NEW"),
    ("attempting-stage-id", "Attempting", "IN_PROGRESS"),
    ("connected-stage-id", "Connected", "IN_PROGRESS"),
    ("qualified-stage-id", "Qualified", "QUALIFIED"),
    ("unqualified-stage-id", "Unqualified", "UNQUALIFIED"),
)


def built_in() -> dict[str, dict[str, Pipeline]]:
    """Pipelines of a new portal: kind -> pipeline id -> pipeline."""
    deals = Pipeline(id="default", label="Sales", order=0, stages=tuple(_deal_stage(i, *row) for i, row in enumerate(_DEAL_STAGES)))
    tickets = Pipeline(
        id="0",
        label="Support",
        order=0,
        stages=tuple(
            Stage(id=id_, label=label, order=i, metadata={"ticketState": state}) for i, (id_, label, state) in enumerate(_TICKET_STAGES)
        ),
    )
    leads = Pipeline(
        id="lead-pipeline-id",
        label="Leads",
        order=0,
        stages=tuple(
            Stage(id=id_, label=label, order=i, metadata={"leadState": state}) for i, (id_, label, state) in enumerate(_LEAD_STAGES)
        ),
    )
    return {"deals": {deals.id: deals}, "tickets": {tickets.id: tickets}, "leads": {leads.id: leads}}
