"""Which CRM has the last word on what, where a lead has records in both. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.records import Record
from sync.agreement.model import Stage
from sync.judge.findings import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The parts that the connected CRMs play; with one CRM it plays all of them."""

    marketing: str  # the CRM in which Marketing works
    sales: str
    owner: str  # whose owner field counts
    stages: Mapping[str, str] = field(default_factory=dict)  # stage -> CRM, where it is not that of the stage's side
    fields: Mapping[str, str] = field(default_factory=dict)  # field of the agreement -> CRM, where it is not the marketing CRM
    lag: timedelta = timedelta(minutes=30)  # so long the two CRMs may disagree
    delivered_within: timedelta = timedelta(hours=1)  # so soon a lead that is handed over must be in the sales CRM

    @property
    def is_shared(self) -> bool:
        """Whether two CRMs share the parts."""
        return self.marketing != self.sales

    def of_stage(self, stage: Stage) -> str:
        """Return the CRM whose word on a stage counts: by default that of the team which sets it."""
        return self.stages.get(stage.name) or (self.marketing if stage.side == Side.MARKETING else self.sales)


def alone(crm: str) -> Authority:
    """Return the parts of the only CRM."""
    return Authority(marketing=crm, sales=crm, owner=crm)


def speaking(records: Sequence[Record], crm: str) -> tuple[Record, ...]:
    """Return those of `records` whose word counts: those in `crm`, or if none is there, those in the CRM of the first."""
    if not records:
        return ()
    crm = crm if any(record.key.crm == crm for record in records) else records[0].key.crm
    return tuple(record for record in records if record.key.crm == crm)
