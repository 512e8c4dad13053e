"""Whether what the config says of who is believed fits the agreement. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sync.agreement.model import Agreement, CrmKind
from sync.authority import Authority
from sync.config_sections import AuthoritySection, RolesSection
from sync.problems import Problem, choose_fix, listed, quoted
from sync.shape import key_of


def named_crms(roles: RolesSection, authority: AuthoritySection) -> Iterator[tuple[str, str]]:
    """Yield every place of the config that names a CRM, and the name."""
    told = {"roles.marketing": roles.marketing, "roles.sales": roles.sales, "authority.owner": authority.owner}
    yield from ((where, crm) for where, crm in told.items() if crm is not None)
    yield from ((f"authority.fields.{key_of(name)}", crm) for name, crm in authority.fields.items())
    yield from ((f"authority.stages.{key_of(name)}", crm) for name, crm in authority.stages.items())


def authority_problems(authority: Authority, agreement: Agreement, *, file: str) -> list[Problem]:
    """Return a problem for each field and stage that the agreement does not have, or that the CRM named for it does not hold."""
    fields = {name: one.sources for name, one in agreement.fields.items()}
    stages = {stage.name: stage.recognised for stage in agreement.stages}
    return [
        *_of(authority.fields, fields, where="fields", what="field", file=file),
        *_of(authority.stages, stages, where="stages", what="stage", file=file),
    ]


def _of(named: Mapping[str, str], known: Mapping[str, Collection[CrmKind]], *, where: str, what: str, file: str) -> Iterator[Problem]:
    for name, crm in named.items():
        place = f"authority.{where}.{key_of(name)}"
        if name not in known:
            fix = choose_fix(name, known, otherwise=f"known are: {listed(known)}")
            yield Problem(file=file, where=place, found=quoted(name), expected=f"a {what} of the agreement", fix=fix)
        elif crm not in (held := _crms(known[name])):
            yield Problem(
                file=file,
                where=place,
                found=quoted(crm),
                expected=f"a CRM that holds the {what}: {listed(held)}",
                fix=f"name one of these, or say in the agreement where {crm} holds it",
            )


def _crms(kinds: Iterable[CrmKind]) -> set[str]:
    return {crm for crm, _ in kinds}
