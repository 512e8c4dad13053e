"""`--only rule:first_touch`: which findings a report shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.agreement.model import Agreement
from sync.errors import UsageError
from sync.judge.findings import Finding
from sync.problems import choose_fix, listed
from sync.terms import Terms

KINDS = ("rule", "owner", "team")


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """What a report is limited to; of one kind any may match, every kind that is named must. Empty: everything."""

    rules: frozenset[str]
    owners: frozenset[str]  # names or ids, folded
    teams: frozenset[str]  # names, folded

    def refuse_if_unknown(self, terms: Terms) -> None:
        """Raise UsageError for an owner or a team that nobody has."""
        names = {name for crm in terms.crms.values() for name in crm.names.values()}
        ids = {owner for crm in terms.crms.values() for owner in crm.names}
        teams = {team for crm in terms.crms.values() for team in crm.teams.values()} | {
            p.team for p in terms.roster.people.values() if p.team
        }
        _refuse("owner", self.owners, names | ids, names)
        _refuse("team", self.teams, teams, teams)

    def shows(self, finding: Finding, terms: Terms) -> bool:
        """Whether `finding` is to be shown."""
        crm, owner = terms.owning_crm(finding.records), finding.owner
        names = {(owner or "").casefold(), terms.crms[crm].names.get(owner or "", "").casefold()}
        team = (terms.team_of(crm, owner) or "").casefold()
        return (
            (not self.rules or finding.rule in self.rules)
            and (not self.owners or not self.owners.isdisjoint(names - {""}))
            and (not self.teams or team in self.teams)
        )


EVERYTHING = Only(rules=frozenset(), owners=frozenset(), teams=frozenset())


def _refuse(kind: str, asked: frozenset[str], known: set[str], suggested: set[str]) -> None:
    for name in sorted(asked - {word.casefold() for word in known}):
        raise UsageError(f"there is no {kind} `{name}`", fix=choose_fix(name, suggested, otherwise=f"known are: {listed(suggested)}"))


def parse_only(texts: Sequence[str], agreement: Agreement) -> Only:
    """Read `rule:NAME`, `owner:NAME` and `team:NAME`; UsageError for another kind or an unknown rule."""
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for text in texts:
        kind, _, name = text.partition(":")
        if kind not in found or not name.strip():
            raise UsageError(f"`{text}` does not say what to show", fix="write rule:NAME, owner:NAME or team:NAME")
        if kind == "rule" and name not in agreement.rule_names:
            fix = choose_fix(name, agreement.rule_names, otherwise=f"the rules are: {listed(agreement.rule_names)}")
            raise UsageError(f"the agreement has no rule `{name}`", fix=fix)
        found[kind].add(name.strip() if kind == "rule" else name.strip().casefold())
    return Only(rules=frozenset(found["rule"]), owners=frozenset(found["owner"]), teams=frozenset(found["team"]))
