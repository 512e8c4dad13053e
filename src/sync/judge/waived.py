"""Promises that a person excused, as findings tell it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sync.history import local_text
from sync.judge.conclude import Judged
from sync.judge.findings import Evidence, Finding, Side, Status
from sync.terms import Terms

SOURCE = "waiver/"


def each_waived(judged: Iterable[Judged], terms: Terms) -> Iterator[Judged]:
    """Yield what was judged, what a person excused as `excused`."""
    return (one._replace(finding=waived(one.finding, terms)) for one in judged)


def waived(finding: Finding, terms: Terms) -> Finding:
    """Return a finding, `excused` if a person waived it; what was kept in time, or excused anyway, stays what it is."""
    waiver = terms.waivers.get(finding.key)
    if waiver is None or finding.status in (Status.KEPT, Status.EXCUSED):
        return finding
    told = Evidence(at=waiver.at, what="waived", source=f"{SOURCE}{waiver.number}")
    facts = (*(one for one in finding.evidence if one.source != told.source), told)
    zone = terms.agreement_at(finding.started_at or waiver.at).zone
    return replace(
        finding,
        status=Status.EXCUSED,
        side=Side.NONE,
        late_by_s=None,
        owed=False,
        evidence=tuple(sorted(facts, key=lambda one: (one.at is not None, one.at))),
        message=f"{finding.rule}: waived on {local_text(waiver.at, zone)} ({waiver.why})",
    )


def was_broken(finding: Finding) -> bool:
    """Whether a promise is broken, or was before a person waived it: its rung of the ladder stays taken."""
    if finding.status is Status.BREACHED:
        return True
    waivers = (one.at for one in finding.evidence if one.source.startswith(SOURCE))
    return finding.due_at is not None and any(at is not None and at > finding.due_at for at in waivers)
