"""Judge what changed or fell due since it was judged, and nothing else: what a daemon does after each pull."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sync.judge.judge import judge_lead
from sync.judged_by import judged_by
from sync.known import Known
from sync.rows import LeadRows
from sync.terms import Terms

CHUNK = 500  # leads whose findings are saved in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What one tick did."""

    judged: int  # leads
    new: int  # versions of findings that say something new
    withdrawn: int  # findings that no longer stand


def judge_dirty(known: Known, terms: Terms, *, run_id: str, now: datetime) -> Ticked:
    """Judge the leads that changed, or whose judgement changes with the hour, and save what was found.

    Afterwards the findings that stand are those of judging every lead at `now`, but for the lateness of open breaches. Other
    terms than the last have every lead judged.
    """
    known.dirty.refresh(judged_by(terms), bulk_within=terms.agreement_at(now).touches.bulk_within)
    marked_upto = known.dirty.newest()
    judged = new = withdrawn = 0
    leads = _changed(known, terms, now)
    while chunk := list(islice(leads, CHUNK)):
        judgements = [judge_lead(rows, terms, now) for rows in chunk]
        saved = known.findings.save(run_id, judgements, judged_at=now, marked_upto=marked_upto)
        judged, new, withdrawn = judged + len(chunk), new + saved.new, withdrawn + saved.withdrawn
    withdrawn += known.findings.withdraw_former(run_id, judged_at=now)
    return Ticked(judged=judged, new=new, withdrawn=withdrawn)


def _changed(known: Known, terms: Terms, now: datetime) -> Iterator[LeadRows]:
    return known.reader.changed(now=now, bulk_within=terms.agreement_at(now).touches.bulk_within)
