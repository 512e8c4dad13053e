"""Reads roster.toml into the frozen roster, or says everything that is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sync.agreement.calendar import Calendar, CalendarError, compile_calendar
from sync.agreement.criteria import Criterion, CriterionError, compile_criterion
from sync.agreement.model import Agreement, CalendarWords
from sync.agreement.references import is_zone
from sync.caps import Caps
from sync.problems import Problem, Problems, choose_fix, listed, quoted
from sync.roster import Absence, Member, Person, Roster
from sync.roster_schema import MemberTable, PersonTable, PoolTable, RosterTable
from sync.shape import key_of, read_shape
from sync.toml_text import read_toml

# Hours that need nothing of an agreement are still checked without one, over these days.
_ANY_SPAN = (date(2020, 1, 1), date(2030, 1, 1))


def load_roster(path: Path, *, agreement: Agreement | None) -> Roster:
    """Read the roster at `path`; its teams and calendars are those of `agreement`.

    Raises Problems with everything that is wrong with it; without an agreement, what refers to one goes unchecked.
    """
    toml = read_toml(path, missing="`leadpact roster --from-crm` drafts one; an empty file is a valid roster")
    table, problems = read_shape(RosterTable, toml.document, file=toml.file)
    reader = _Reader(table or RosterTable(), agreement=agreement, file=toml.file)
    reader.known_people |= _written_names(toml.document)
    reader.check()
    roster = reader.roster()
    if problems or reader.problems:
        raise Problems([*problems, *reader.problems])
    return replace(roster, text=toml.text)


def _written_names(document: Mapping[str, object]) -> set[str]:
    """Return the names of all people as written, those with a slip in their entry too."""
    people = document.get("person")
    entries = people if isinstance(people, list) else []
    return {entry["name"].strip() for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)}


class _Reader:
    """Checks one roster and makes it."""

    def __init__(self, table: RosterTable, *, agreement: Agreement | None, file: str) -> None:
        self._table = table
        self._agreement = agreement
        self._file = file
        self._territories: dict[str, Criterion] = {}  # by text
        self._compiled: dict[CalendarWords, Calendar] = {}  # many people share their hours
        self.problems: list[Problem] = []
        self.known_people = {person.name for person in table.person}

    def check(self) -> None:
        """List doubles, and names that refer to nobody."""
        people = self._table.person
        ids = [(crm, owner) for person in people for crm, owner in person.ids().items()]
        self._once("person", [person.name for person in people], "a name of their own")
        self._once("person", [f"{crm} id {owner}" for crm, owner in ids], "one person an owner id")
        self._once("person", [person.email for person in people if person.email], "one person an address")
        self._once("pool", [pool.name for pool in self._table.pool], "a name of its own")
        for person in people:
            self._person(person)
        for pool in self._table.pool:
            where = f"pool.{key_of(pool.name)}.members"
            self._known(where, [member.person for member in pool.members], self.known_people, "the name of a person")
            self._once(where, [member.person for member in pool.members], "each person once")
            for member in pool.members:
                self._territory(f"{where}.{key_of(member.person)}.territory", member.territory)
        self._placeholders(ids)

    def roster(self) -> Roster:
        """Return the roster; whole only if nothing is wrong."""
        people = {person.name: self._made(person) for person in self._table.person}
        placeholders = {"hubspot": self._table.placeholders.hubspot, "salesforce": self._table.placeholders.salesforce}
        return Roster(
            people=people,
            pools={pool.name: tuple(self._member(one, pool) for one in pool.members) for pool in self._table.pool},
            placeholders={crm: frozenset(owners) for crm, owners in placeholders.items() if owners},
            shared_mailboxes=frozenset(self._table.shared_mailboxes),
            by_id={(crm, owner): person.name for person in people.values() for crm, owner in person.ids.items()},
        )

    def _person(self, person: PersonTable) -> None:
        where = f"person.{key_of(person.name)}"
        self._known(f"{where}.manager", [person.manager], self.known_people - {person.name}, "the name of another person")
        if self._agreement is not None:
            self._known(f"{where}.calendar", [person.calendar], self._agreement.calendars, "a calendar of the agreement")
            if self._agreement.teams:
                self._known(f"{where}.team", [person.team], self._agreement.teams, "a team of the agreement")
        for number, away in enumerate(person.absences, start=1):
            if away.to < away.since:
                self._add(
                    f"{where}.absences[{number}]",
                    found=f"{away.since} to {away.to}",
                    expected="an end after the start",
                    fix="correct one of the days",
                )
        if person.timezone is not None and not is_zone(person.timezone):
            self._add(
                f"{where}.timezone", found=quoted(person.timezone), expected="an IANA time zone", fix="write for example `Europe/Berlin`"
            )

    def _member(self, member: MemberTable, pool: PoolTable) -> Member:
        return Member(
            person=member.person,
            weight=member.weight,
            territory=self._territories.get(member.territory or ""),
            at_most=Caps(**member.at_most.model_dump()).over_those_of(Caps(**pool.at_most.model_dump())),
        )

    def _territory(self, where: str, text: str | None) -> None:
        """Compile a territory over the fields that the agreement reads; members who share one share what it compiles to."""
        if text is None or self._agreement is None or text in self._territories:
            return
        try:
            self._territories[text] = compile_criterion(
                text,
                fields={name: one.type for name, one in self._agreement.fields.items()},
                defines={name: one.text for name, one in self._agreement.defines.items()},
                zone=self._agreement.zone,
            )
        except CriterionError as error:
            for problem in error.problems:
                found = f"{quoted(problem.found)} at character {problem.position + 1} of {quoted(problem.text)}"
                self._add(where, found=found, expected=f"a criterion over the agreement's fields, but {problem.message}", fix=problem.fix)

    def _placeholders(self, ids: Iterable[tuple[str, str]]) -> None:
        for crm, owner in ids:
            if owner in (self._table.placeholders.hubspot if crm == "hubspot" else self._table.placeholders.salesforce):
                self._add(
                    f"placeholders.{crm}",
                    found=f"{quoted(owner)}, a person's id too",
                    expected="an id that stands for nobody",
                    fix="remove one of the two",
                )

    def _made(self, table: PersonTable) -> Person:
        words = self._words(table)
        zone = ZoneInfo(words.zone) if is_zone(words.zone) else UTC
        absences = [
            Absence(
                since=datetime.combine(away.since, time.min, tzinfo=zone).astimezone(UTC),
                upto=datetime.combine(away.to + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC),
                why=away.why,
            )
            for away in table.absences
        ]
        return Person(
            name=table.name,
            email=table.email,
            ids=table.ids(),
            manager=table.manager,
            team=table.team,
            calendar=table.calendar,
            hours=self._hours(table, words) if table.has_own_hours() else None,
            absences=tuple(sorted(absences, key=lambda away: away.since)),
        )

    def _words(self, table: PersonTable) -> CalendarWords:
        """Return the hours of a person: what their entry says, over the calendar that it names, else the default."""
        calendars = self._agreement.calendar_words if self._agreement is not None else {}
        under = (
            calendars.get(table.calendar or "default")
            or calendars.get("default")
            or CalendarWords(hours="24/7", zone="UTC", holidays=None, closed=())
        )
        return CalendarWords(
            hours=table.hours or under.hours,
            zone=table.timezone or under.zone,
            holidays=table.holidays or under.holidays,
            closed=under.closed,
        )

    def _hours(self, table: PersonTable, words: CalendarWords) -> Calendar | None:
        if words not in self._compiled and is_zone(words.zone):
            since, upto = self._agreement.calendar_span if self._agreement is not None else _ANY_SPAN
            try:
                self._compiled[words] = compile_calendar(
                    name=f"hours of {table.name}",
                    hours=words.hours,
                    zone=words.zone,
                    holidays=words.holidays,
                    closed=words.closed,
                    since=since,
                    upto=upto,
                )
            except CalendarError as error:
                self._add(
                    f"person.{key_of(table.name)}.hours", found=quoted(words.hours), expected="hours that can be worked out", fix=str(error)
                )
        return self._compiled.get(words)

    def _known(self, where: str, words: Iterable[str | None], known: Collection[str], expected: str) -> None:
        for word in words:
            if word is not None and word not in known:
                self._add(
                    where, found=quoted(word), expected=expected, fix=choose_fix(word, known, otherwise=f"known are: {listed(known)}")
                )

    def _once(self, where: str, words: Iterable[str], expected: str) -> None:
        for word, count in Counter(words).items():
            if count > 1:
                self._add(where, found=f"{quoted(word)} {count} times", expected=expected, fix="remove or correct all but one")

    def _add(self, where: str, *, found: str, expected: str, fix: str) -> None:
        self.problems.append(Problem(file=self._file, where=where, found=found, expected=expected, fix=fix))
