"""`leadpact shadow`: what would have been moved, and what people then did with those leads."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.cli.runs import PastFormat, write_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sync.shadow import Meant, Shadow
    from sync.terms import Terms
    from sync.wiring import LookBack

_SHORT = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=3_660)


def shadow(
    last: Annotated[str, typer.Option(metavar="SPAN", help="How far to look back: 14d, 48h, 2w, or words such as `14 days`.")] = "14d",
    format: Annotated[PastFormat, typer.Option(help="How to write it.")] = PastFormat.TEXT,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Tell what leadpact would have moved had its mode let it, and what people then did with each lead; asks no CRM."""
    from sync.errors import SyncError
    from sync.known import eras_at, gather_terms, known_upto
    from sync.report.shadow import shadow_json, shadow_lines
    from sync.wiring import open_look_back

    span = parse_last(last)
    with open_look_back(config) as past:
        known = past.known
        terms = gather_terms(known, eras_at(known, upto=None))
        upto = known_upto(terms)
        if upto is None:
            raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
        found = _shadows(past, past.plans.meant(since=upto - span), terms, upto)
        if format is PastFormat.JSON:
            write_bytes(shadow_json(found, since=upto - span, upto=upto))
            return 0
        names = {(crm, words.owner): dict(terms.crms[crm].names) for crm, words in known.vocabularies.items()}
        for line in shadow_lines(found, since=upto - span, upto=upto, names=names, zone=terms.agreement_at(upto).zone):
            typer.echo(line)
    return 0


def _shadows(past: LookBack, meant: Sequence[Meant], terms: Terms, upto: datetime) -> list[Shadow]:
    """Return what became of each lead that would have been moved, in the order in which that was planned."""
    from sync.judge.judge import judge_lead
    from sync.shadow import what_became

    by_lead: dict[str, list[Meant]] = {}
    for one in meant:
        by_lead.setdefault(one.step.lead, []).append(one)
    found: list[Shadow] = []
    within, reader = terms.agreement_at(upto).touches.bulk_within, past.known.reader
    for rows in reader.leads(upto=upto, bulk_within=within, keys=by_lead):
        findings = judge_lead(rows, terms, upto).findings
        mine = [key for key in (rows.lead, *map(str, (*rows.merged, *(person.key for person in rows.people)))) if key in by_lead]
        found += [what_became(one, rows, findings, terms, now=upto) for key in dict.fromkeys(mine) for one in by_lead.pop(key)]
    found += [what_became(one, None, (), terms, now=upto) for ones in by_lead.values() for one in ones]
    return sorted(found, key=lambda shadow: (shadow.meant.at, shadow.meant.step.lead))


def parse_last(text: str) -> timedelta:
    """Read `14d`, `48h`, `2w` or `14 days`; UsageError for anything else."""
    from sync.agreement.words import read_wall_span
    from sync.errors import UsageError

    short = re.fullmatch(r"\s*(\d{1,5})\s*([hdw])\s*", text, re.ASCII)
    try:
        span = int(short[1]) * _SHORT[short[2]] if short is not None else read_wall_span(text)
    except ValueError:
        span = timedelta()
    if not timedelta() < span <= LONGEST:
        raise UsageError(f"--last: `{text}` is no span to look back", fix="write one, such as 14d, 48h, 2w or `14 days`; at most ten years")
    return span
