"""Makes the paperwork of an agreement out of its table: parties, meetings, signatures. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, time
from typing import TypedDict

from sync.agreement.goals import Consequence
from sync.agreement.parties import Cancellation, Meeting, Party, Persona, Responsibility, Signature, Summary, Team, Tell, Waivers
from sync.agreement.schema import AgreementTable
from sync.agreement.schema_people import TellTable


class Paper(TypedDict):
    """The parts of an agreement that people keep, not clocks."""

    summary: Summary | None
    parties: tuple[Party, ...]
    personas: tuple[Persona, ...]
    teams: Mapping[str, Team]
    waivers: Waivers | None
    tell: Tell
    consequences: tuple[Consequence, ...]
    meetings: tuple[Meeting, ...]
    cancellation: Cancellation | None
    signatures: tuple[Signature, ...]


def build_paper(table: AgreementTable) -> Paper:
    """Return the paperwork of `table`."""
    return Paper(
        summary=Summary(**table.summary.model_dump()) if table.summary else None,
        parties=_parties(table),
        personas=tuple(Persona(**one.model_dump()) for one in table.persona),
        teams={one.name: Team(**one.model_dump()) for one in table.team},
        waivers=Waivers(by=table.waivers.by, budget=table.waivers.budget) if table.waivers else None,
        tell=_tell(table.tell),
        consequences=tuple(Consequence(condition=one.condition, then=one.then) for one in table.consequence),
        meetings=tuple(Meeting(**one.model_dump()) for one in table.meeting),
        cancellation=Cancellation(when=table.cancellation.when, notice=table.cancellation.notice) if table.cancellation else None,
        signatures=tuple(Signature(side=one.side, name=one.name, at=one.at.astimezone(UTC), hash=one.hash) for one in table.signature),
    )


def _tell(table: TellTable) -> Tell:
    at = time.fromisoformat(table.daily_at)
    return Tell(at_risk=table.at_risk, broken=table.broken, recycled=table.recycled, daily=table.daily, daily_at=at, reports=table.reports)


def _parties(table: AgreementTable) -> tuple[Party, ...]:
    return tuple(
        Party(
            side=one.side,
            signatory=one.signatory,
            responsibilities=tuple(Responsibility(**line.model_dump()) for line in one.responsibilities),
            needs=one.needs,
        )
        for one in table.party
    )
