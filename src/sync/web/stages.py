"""Which stage of the agreement leads stand in, told by what their records hold now. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from sync.agreement.criteria import Criterion, read_value
from sync.agreement.model import Agreement, CrmKind
from sync.facts import Exit

NONE = "none"  # in no stage that the agreement names

Recognised = Mapping[CrmKind, Criterion]
Held = Mapping[tuple[str | None, ...], int]  # values of some fields, in their order -> leads


def count_stages(agreement: Agreement, held: Callable[[CrmKind, Sequence[str]], Held]) -> dict[str, int]:
    """Count leads by the way out, else the last stage, that the record which names each shows; every stage is told, also an empty one."""
    words = words_of(agreement)
    found = Counter({word: 0 for word, _ in words} | {NONE: 0})
    for kind in sorted({kind for _, recognised in words for kind in recognised}):
        criteria = [(word, recognised[kind]) for word, recognised in words if kind in recognised]
        fields = sorted(_fields(criterion for _, criterion in criteria))
        for values, leads in held(kind, fields).items():
            found[_word(criteria, dict(zip(fields, values, strict=True)), agreement)] += leads
    return dict(found)


def words_of(agreement: Agreement) -> list[tuple[str, Recognised]]:
    """Return what a lead can be in, the one that speaks first: ways out, then the stages from the last on."""
    ways = ((Exit.RECYCLED, agreement.recycle), (Exit.REJECTED, agreement.reject), (Exit.DISQUALIFIED, agreement.disqualify))
    return [(how.value, way.recognised) for how, way in ways] + [(stage.name, stage.recognised) for stage in reversed(agreement.stages)]


def _fields(criteria: Iterable[Criterion]) -> set[str]:
    return {field for criterion in criteria for field in criterion.fields}


def _word(criteria: Sequence[tuple[str, Criterion]], raw: Mapping[str, str | None], agreement: Agreement) -> str:
    for word, criterion in criteria:
        row = {field: read_value(raw[field], criterion.types[field], agreement.zone) for field in criterion.fields}
        if criterion.truth(row) is True:
            return word
    return NONE
