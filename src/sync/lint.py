"""What is wrong or missing between the files and the CRM, each with its fix. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.records import Account, FieldDefinition, Owner, Page, Team, Vocabulary
from sync.agreement.lint import lint_text
from sync.agreement.model import Agreement
from sync.errors import ConfigurationError
from sync.lint_fields import field_remarks
from sync.lint_picklists import Known, picklist_remarks
from sync.lint_recycle import Crm, recycle_flaws
from sync.lint_superiors import superior_remarks
from sync.problems import choose_fix, listed
from sync.remarks import Level, Remark
from sync.roster import Person, Roster, member_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one CRM says about itself."""

    account: Account
    vocabulary: Vocabulary
    pages: Mapping[str, tuple[Page, ...]]  # what was read of its reference streams, to be saved
    known_definitions: tuple[FieldDefinition, ...] = ()  # what the store holds beside that
    known_owners: tuple[Owner, ...] = ()
    known_teams: tuple[Team, ...] = ()

    @property
    def definitions(self) -> list[FieldDefinition]:
        """All field definitions."""
        return [*self.known_definitions, *(definition for page in self._all_pages() for definition in page.definitions)]

    @property
    def owners(self) -> list[Owner]:
        """All owners, inactive ones and queues too."""
        return [*self.known_owners, *(owner for page in self._all_pages() for owner in page.owners)]

    @property
    def teams(self) -> list[Team]:
        """All teams."""
        return [*self.known_teams, *(team for page in self._all_pages() for team in page.teams)]

    def _all_pages(self) -> Iterator[Page]:
        return (page for pages in self.pages.values() for page in pages)


def refuse_if_misfit(agreement: Agreement, roster: Roster, facts: Iterable[Facts]) -> None:
    """Raise Misfit if the agreement contradicts itself, or the files name what a CRM does not have: leads would be judged wrongly."""
    remarks = [*lint_text(agreement, roster), *lint(agreement, roster, *facts)]
    errors = [remark for remark in remarks if remark.level is Level.ERROR]
    if errors:
        raise Misfit(errors)


def fits(agreement: Agreement, roster: Roster, facts: Facts) -> bool:
    """Whether the files name nothing that the CRM of `facts` does not have."""
    return all(remark.level is not Level.ERROR for remark in lint_crm(agreement, roster, facts))


class Misfit(ConfigurationError):
    """No lead can be judged rightly by these files; nothing was read into the store."""

    def __init__(self, errors: Sequence[Remark]) -> None:
        lines = (f"  {error.where}: {error.what}\n    fix: {error.fix}" for error in errors)
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        super().__init__(
            "\n".join([f"{count} in the files: leads would be judged wrongly", *lines]),
            fix="correct each line above, then run `leadpact check`",
        )
        self.errors = tuple(errors)


def lint(agreement: Agreement, roster: Roster, *facts: Facts) -> list[Remark]:
    """Return every remark about the CRMs of `facts`, which are all that are connected: errors first, then warnings, then notes."""
    remarks = [remark for one in facts for remark in lint_crm(agreement, roster, one)]
    remarks += [*_teams_of_nobody(agreement, roster, facts), *_unfinished_people(roster, facts), *_unlinked(facts)] if facts else []
    remarks += superior_remarks(roster, {one.account.crm: one.owners for one in facts})
    crms = [Crm(account=one.account, vocabulary=one.vocabulary, definitions=one.definitions, owners=one.owners) for one in facts]
    remarks += dict.fromkeys(flaw.remark(agreement.text) for flaw in recycle_flaws(agreement, roster, crms))
    return sorted(remarks, key=lambda remark: list(Level).index(remark.level))


def lint_crm(agreement: Agreement, roster: Roster, facts: Facts) -> list[Remark]:
    """Return what can be said of one CRM without knowing the other."""
    known: Known = {(definition.kind, definition.name): definition for definition in facts.definitions}
    return [
        *field_remarks(agreement, facts.vocabulary, known),
        *picklist_remarks(agreement, facts.account.crm, known),
        *_unknown_owners(roster, facts),
        *_left_out_owners(roster, facts),
        *_empty_pools(agreement, roster, facts),
        *_queues(facts),
        *_leads_object(facts.account),
    ]


def lint_agreement(digest: str, not_enforcing: str | None, not_judged: Sequence[str]) -> list[Remark]:
    """Return what is to be said of the agreement alone."""
    where = "agreement.toml"
    remarks: list[Remark] = []
    if not_enforcing is not None:
        fix = f"nothing is written until then; both sides sign this very text with `leadpact agreement sign`; its hash is {digest}"
        remarks.append(Remark(level=Level.NOTE, where=where, what=f"observing only: {not_enforcing}", fix=fix))
    if not_judged:
        what, fix = (
            f"read and kept, not judged: {', '.join(not_judged)}; no CRM tells of every marketing mail",
            "leave it in for those who read the agreement; no run tells of it",
        )
        remarks.append(Remark(level=Level.NOTE, where=where, what=what, fix=fix))
    return remarks


def _teams_of_nobody(agreement: Agreement, roster: Roster, facts: Sequence[Facts]) -> Iterator[Remark]:
    """Levels of a team in which the roster and the CRMs have nobody, and which no pool is."""
    crms = " or ".join(one.account.crm for one in facts)
    teams = {person.team for person in roster.people.values()} | {pool.team for pool in agreement.pools.values()}
    for one in facts:
        names = {team.id: team.name for team in one.teams}
        teams |= {names.get(owner.teams[0], owner.teams[0]) for owner in one.owners if owner.teams}
    known = {team for team in teams if team is not None}
    for level in agreement.levels:
        if level.team is not None and level.team not in known:
            what = f"nobody is in the team {level.team}, neither in roster.toml nor in {crms}, so the level holds for no lead"
            fix = choose_fix(level.team, known, otherwise=f'write team = "{level.team}" for its people in roster.toml')
            yield Remark(level=Level.ERROR, where=f"agreement.toml: level.{level.name}.team", what=what, fix=fix)


def _unknown_owners(roster: Roster, facts: Facts) -> Iterator[Remark]:
    crm = facts.account.crm
    by_id = {owner.id: owner for owner in facts.owners}
    for person in roster.people.values():
        owner = by_id.get(person.ids.get(crm, ""))
        if crm in person.ids and owner is None:
            what, fix = f"{crm} has no owner {person.ids[crm]}", "draft a roster from the CRM: `leadpact roster --from-crm`"
            yield Remark(level=Level.ERROR, where=f"roster.toml: {person.name}", what=what, fix=fix)
        elif owner is not None and not owner.active:
            what, fix = f"is deactivated in {crm}", "take them out of the roster and its pools"
            yield Remark(level=Level.WARNING, where=f"roster.toml: {person.name}", what=what, fix=fix)
    for id_ in sorted(roster.placeholders.get(crm, frozenset()) - set(by_id)):
        what, fix = f"{crm} has no owner {id_}", "correct the id, or take it out"
        yield Remark(level=Level.ERROR, where="roster.toml: placeholders", what=what, fix=fix)


def _left_out_owners(roster: Roster, facts: Facts) -> Iterator[Remark]:
    crm = facts.account.crm
    named = {person.ids[crm] for person in roster.people.values() if crm in person.ids} | roster.placeholders.get(crm, frozenset())
    missing = [owner.name for owner in facts.owners if owner.active and not owner.is_queue and owner.id not in named]
    if missing:
        yield Remark(
            level=Level.WARNING,
            where="roster.toml",
            what=f"these {crm} owners are not in it, and get the default hours: {_some(missing)}",
            fix="add them, or list those who stand for nobody under [placeholders]; `leadpact roster --from-crm` drafts it",
        )


def _unfinished_people(roster: Roster, facts: Sequence[Facts]) -> Iterator[Remark]:
    crms = {one.account.crm for one in facts}
    teams = {(one.account.crm, owner.id) for one in facts for owner in one.owners if owner.teams}
    managed = {(one.account.crm, owner.id) for one in facts for owner in one.owners if owner.manager}
    people = [person for person in roster.people.values() if crms & person.ids.keys()]
    lacks = {
        "manager (nobody to escalate to)": [p.name for p in people if p.manager is None and not managed & p.ids.items()],
        "calendar or hours (the default calendar is used)": [p.name for p in people if not _has_hours(p)],
        "team": [p.name for p in people if p.team is None and not teams & p.ids.items()],
    }
    for what, names in lacks.items():
        if names:
            yield Remark(
                level=Level.WARNING, where="roster.toml", what=f"without {what}: {_some(names)}", fix="fill it in for each of them"
            )


def _has_hours(person: Person) -> bool:
    return person.hours is not None or person.calendar is not None


def _some(names: Iterable[str], most: int = 8) -> str:
    ordered = sorted(names)
    return listed(ordered[:most]) + (f" and {len(ordered) - most} more" if len(ordered) > most else "")


def _empty_pools(agreement: Agreement, roster: Roster, facts: Facts) -> Iterator[Remark]:
    for pool in sorted({handoff.pool for handoff in agreement.handoffs if handoff.pool}):
        if not member_ids(roster, facts.account.crm, pool):
            what, fix = (
                f"nobody with an id in {facts.account.crm} is in pool `{pool}`",
                f'add [[pool]] name = "{pool}" with its members to roster.toml',
            )
            yield Remark(level=Level.WARNING, where="roster.toml: pool", what=what, fix=fix)


def _unlinked(facts: Sequence[Facts]) -> Iterator[Remark]:
    """Fields by which one CRM would name the records of the other, and that it does not have."""
    crms = {one.account.crm for one in facts}
    for one in facts:
        known = {(definition.kind, definition.name) for definition in one.definitions}
        lacking = [
            link for link in one.vocabulary.references if link.to_crm in crms - {one.account.crm} and (link.kind, link.field) not in known
        ]
        if lacking:
            others = listed({link.to_crm for link in lacking})
            yield Remark(
                level=Level.NOTE,
                where=one.account.crm,
                what=f"it has no {listed(link.field for link in lacking)}: records of {others} are found by e-mail address alone",
                fix=f"install {one.account.crm}'s own integration with {others}, if that is to keep the two in step; else nothing",
            )


def _queues(facts: Facts) -> Iterator[Remark]:
    queues = [owner.name for owner in facts.owners if owner.is_queue and owner.active]
    if queues:
        yield Remark(
            level=Level.NOTE,
            where=facts.account.crm,
            what=f"a lead in one of these queues counts as unassigned: {_some(queues)}",
            fix="nothing, if that is what they are for",
        )


def _leads_object(account: Account) -> Iterator[Remark]:
    if account.uses_leads_object:
        yield Remark(
            level=Level.NOTE,
            where=account.crm,
            what="this account works with the Leads object; leadpact judges the contact's owner and lifecycle stage, not the Lead's",
            fix="keep contact owner and stage in step with the Lead's, by a workflow or the portal's own setting",
        )
