"""Stages and ways out that no record of a connected CRM shows, or that only one of two shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from connectors.records import Vocabulary
from sync.agreement.model import Agreement, CrmKind
from sync.lint_fields import places
from sync.problems import listed
from sync.remarks import Level, Remark


def recognition_remarks(agreement: Agreement, vocabularies: Mapping[str, Vocabulary]) -> Iterator[Remark]:
    """Yield what is never seen in the connected CRMs: everything of a CRM, then place by place."""
    shown = {place: _crms(recognised) & vocabularies.keys() for place, recognised in places(agreement)}
    blind = [crm for crm in vocabularies if not any(crm in crms for place, crms in shown.items() if place.startswith("stage."))]
    yield from (_blind(words) for crm, words in vocabularies.items() if crm in blind)
    seeing = {crm: words for crm, words in vocabularies.items() if crm not in blind}
    for place, crms in shown.items():
        if seeing and not crms:
            yield _never_seen(place, seeing)
        elif len(crms) < len(seeing):
            yield _seen_by_some(place, crms, seeing.keys() - crms)


def _crms(recognised: Collection[CrmKind]) -> set[str]:
    return {crm for crm, _ in recognised}


def _blind(words: Vocabulary) -> Remark:
    return Remark(
        level=Level.WARNING,
        where=f"agreement.toml: {words.crm}",
        what=f"no stage says how a {words.crm} {words.person} shows it, so no lead is judged by what {words.crm} holds",
        fix=f"add {_example(words)} to the stages, or take {words.crm} out of config.toml",
    )


def _never_seen(place: str, seeing: Mapping[str, Vocabulary]) -> Remark:
    records = " or ".join(f"{words.crm} {words.person}" for words in seeing.values())
    return Remark(
        level=Level.WARNING,
        where=f"agreement.toml: {place}",
        what=f"nothing says how a {records} shows it, so it is never seen there",
        fix=f"add {' or '.join(_example(words) for words in seeing.values())}",
    )


def _seen_by_some(place: str, crms: Collection[str], others: Collection[str]) -> Remark:
    return Remark(
        level=Level.NOTE,
        where=f"agreement.toml: {place}",
        what=f"only {listed(crms)} shows it; what {listed(others)} says of a lead is never compared with it",
        fix=f"nothing, if it is kept in {listed(crms)} alone; else say how {listed(others)} shows it",
    )


def _example(words: Vocabulary) -> str:
    return f"{words.crm}.{words.person} = \"some_field = 'SOME_VALUE'\""
