"""Ways out that name no permitted reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sync.agreement.model import Exit as WayOut
from sync.facts import Exit, Left
from sync.judge.case import Case
from sync.judge.conclude import Judged, Promise, Told, conclude, fixed_side
from sync.judge.findings import Side
from sync.judge.verdict import Kept, Start, weigh

TWO_EDITS = timedelta(minutes=15)  # status and reason are two edits of one person
WORDS = "15 minutes"


def judge_reasons(case: Case) -> Iterator[Judged]:
    """Yield a finding for every rejection, recycling and disqualification in the cycle, where the CRM holds their reasons."""
    agreement = case.agreement
    ways: tuple[tuple[Exit, str, WayOut], ...] = (
        (Exit.REJECTED, "reject_reason", agreement.reject),
        (Exit.RECYCLED, "recycle_reason", agreement.recycle),
        (Exit.DISQUALIFIED, "disqualify_reason", agreement.disqualify),
    )
    for how, rule, way in ways:
        if way.reason is not None:
            for fact in case.facts:
                if isinstance(fact, Left) and fact.how is how and not fact.ours:
                    yield _judge(case, rule, way, way.reason, fact)


def _judge(case: Case, rule: str, way: WayOut, field: str, fact: Left) -> Judged:
    start = Start(
        at=fact.at,
        name=fact.name,
        calendar=case.pool_calendar,
        ends_at=case.next_opened_at,
        ends_by="handed over again",
        what=fact.how.value,
        source=fact.source,
    )
    kept = [Kept(at=at, what="a permitted reason stands", source=_field(case, field)) for at in _permitted(case, way, field, fact.at)]
    owner = case.holder_at(fact.at)
    verdict = weigh(start, due=fact.at + TWO_EDITS, kept=kept, excused=None, now=case.now)
    promise = Promise(rule=rule, kind="reason", words=WORDS, of_passage=False)
    side = fixed_side(Side.OWNER if owner is not None else Side.SYSTEM)
    return conclude(case, promise, start, verdict, Told(owner=owner, side=side))


def _field(case: Case, field: str) -> str:
    """Return where the CRM holds the reason."""
    home = case.timeline.values.home(field)
    return f"{home[0].key}#{home[1]}" if home is not None else str(case.timeline.records[0])


def _permitted(case: Case, way: WayOut, field: str, since: datetime) -> Iterator[datetime]:
    """Yield when a permitted reason stood, from `since` on."""
    values = case.timeline.values
    labels = _labels(case, field)
    permitted = {folded(reason) for reason in way.reasons}
    for at in (since, *(at for at in values.moments((field,), case.now) if at > since)):
        raw = values.raw(field, at)
        if raw and not permitted.isdisjoint({folded(raw), folded(labels.get(raw, raw))}):
            yield at


def _labels(case: Case, field: str) -> dict[str, str]:
    home = case.timeline.values.home(field)
    if home is None:
        return {}
    record, name = home
    return dict(case.terms.crms[record.key.crm].labels.get((record.key.kind, name), {}))


def folded(reason: str) -> str:
    """Return a reason as reasons are compared: without case, `_` and `-` read as a space."""
    return " ".join(reason.replace("_", " ").replace("-", " ").casefold().split())
