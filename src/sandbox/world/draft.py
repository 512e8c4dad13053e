"""The plan of one lead in the making, and the strokes it is drawn with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sandbox.world.campaigns import CAMPAIGNS, COUNTRIES, GOOD_TITLES, OTHER_TITLES, RAISING_FORMS, Campaign, make_company
from sandbox.world.clock import OpenHours
from sandbox.world.deeds import Deed, deed_of, diary_deed
from sandbox.world.names import ascii_name, person_name
from sandbox.world.ownership import Ownership, Tenure, Turn
from sandbox.world.passage import Course, DoesNotFit, Handoff, Opening, Passage
from sandbox.world.people import Rep, Staff
from sandbox.world.picklists import LABELS, RECYCLE_FIELD, REJECT_FIELD
from sandbox.world.promises import (
    ACCEPTED_STATUS,
    DISQUALIFIED_STATUS,
    HANDOFF_STAGE,
    OPT_OUTS,
    PROMISES,
    QUALIFIED_STAGE,
    RECYCLED_STATUS,
    REJECTED_STATUS,
    Promise,
)
from sandbox.world.sheet import FORM, SCORING, WORKFLOW, Sheet, Source, iso, to_ms
from sandbox.world.sync import Sync
from sandbox.world.touches import BACKGROUND, COUNTED, EVERYDAY, NOT_COUNTED, activity, by, deal, meeting
from sandbox.world.verdicts.first_days import touched_within

HALF_HOUR = timedelta(minutes=30)
ENDINGS = {REJECTED_STATUS: "rejected", RECYCLED_STATUS: "recycled", DISQUALIFIED_STATUS: "disqualified"}
SKEW = timedelta(seconds=5)  # nothing is planted closer to now than this


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all leads of one world share."""

    now: datetime
    staff: Staff
    hours: Mapping[str, OpenHours]
    companies: tuple[Sheet, ...]  # shared ones, which never change
    readers: tuple[Sheet, ...]  # contacts who never reach a handoff; bulk mail goes to them too


@dataclass(slots=True, kw_only=True)
class Draft:
    """One lead being planned: the records it needs, and its passages through the handoff."""

    scene: Scene
    rng: Random
    title: str
    contact: Sheet = field(init=False)
    company: Sheet | None = None  # its own one; None for a shared one or none
    others: list[Sheet] = field(default_factory=list)  # deals and activities
    passages: list[Passage] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)  # in the order they are told
    deeds: list[Deed] = field(default_factory=list)
    deals_closed: list[datetime] = field(default_factory=list)
    excused_at: datetime | None = None
    silent: bool = False  # out of scope, or gone before anybody looked: nothing is promised
    unseen: bool = False  # the portal kept too little history: what rests on it is told outright
    unknowable: list[Promise] = field(default_factory=list)  # that, with an empty record
    sync: Sync = field(default_factory=Sync)  # between two CRMs, where there are two
    campaign: Campaign = field(init=False)

    @property
    def now(self) -> datetime:
        """The moment at which the world stands still."""
        return self.scene.now

    # -- moments ---------------------------------------------------------------------------------

    def past(self, *, days: tuple[float, float]) -> datetime:
        """A moment between `days` before now, round the clock."""
        return to_ms(self.now - timedelta(days=self.rng.uniform(*days)))

    def some(self, low: float, high: float) -> timedelta:
        """A span between `low` and `high` minutes."""
        return timedelta(milliseconds=int(self.rng.uniform(low, high) * 60_000))

    def hours(self, rep: Rep | None = None) -> OpenHours:
        """The hours of `rep`; those of the default calendar for None."""
        return self.scene.hours[rep.calendar if rep else "default"]

    def open_span(self, at: datetime, share: float, rep: Rep | None = None) -> datetime:
        """When `share` of the first-touch promise's open time has run since `at`, in the calendar of `rep`."""
        return to_ms(self.hours(rep).after(at, self.touch_span() * share))

    def touch_span(self) -> timedelta:
        """How much open time the first touch of the newest passage has."""
        return touched_within(self.course(), self.passages[-1]) if self.passages else PROMISES["touched"].within

    def has_come(self, at: datetime) -> bool:
        """Whether `at` is over, so that the portal may show it."""
        return at <= self.now - SKEW

    # -- the person --------------------------------------------------------------------------------

    def born(self, at: datetime, *, stage: str = "lead", source: Source = FORM, fits: bool = False) -> None:
        """Create the contact at `at`, with everything a form or an import tells; one that `fits` lacks nothing but a score."""
        rng = self.rng
        self.campaign = rng.choice(CAMPAIGNS)
        quality = 1.0 if fits else self.campaign.quality
        first, last = person_name(rng)
        self.contact = Sheet(kind="contacts", written_at=at)
        self.contact.put(firstname=first, lastname=last, createdate=iso(at))
        self.contact.set("hs_analytics_source", self.campaign.source, at, source)
        self.contact.set("lifecyclestage", stage, at, source)
        self.contact.set("email", f"{ascii_name(first)}.{ascii_name(last)}.{rng.getrandbits(44):x}@mail.example", at, source)
        self.contact.set("hubspotscore", str(rng.randint(0, 40)), at, SCORING)
        self.contact.set("country", rng.choice(COUNTRIES), at, source)
        self.contact.set("jobtitle", rng.choice(GOOD_TITLES if rng.random() < quality else OTHER_TITLES), at, source)
        if fits or rng.random() < 0.9:
            self.contact.set("phone", f"+1 555 01{rng.randint(10, 99)} {rng.randint(100, 999)}", at, source)
        self._employ(at, source, fits=fits)

    def _employ(self, at: datetime, source: Source, *, fits: bool) -> None:
        chance = self.rng.random()
        if chance < 0.1 and not fits:
            return
        if chance < 0.45 and not fits:
            employer = self.rng.choice(self.scene.companies)
        else:
            employer = self.company = make_company(founded=at, rng=self.rng, quality=1.0 if fits else self.campaign.quality)
        self.contact.links.append(employer)
        self.contact.set("company", str(employer.plain["name"]), at, source)

    def own_company(self) -> Sheet:
        """The company that only this contact works for; the contact changes to it if need be."""
        if self.company is None:
            self.company = make_company(founded=self.contact.written_at, rng=self.rng, quality=0.5)
            self.contact.links[:] = [self.company]
            self.contact.history.pop("company", None)
            self.contact.set("company", str(self.company.plain["name"]), self.contact.written_at, FORM)
        return self.company

    # -- the handoff ---------------------------------------------------------------------------------

    def hand_over(self, at: datetime, *, born: datetime | None = None, fits: bool | None = None) -> Passage:
        """Open a passage by reaching the handoff stage at `at`, as a contact born up to weeks before, or created so.

        Six in ten `fits`: they qualify at that moment, the others by chance at most.
        """
        fits = self.rng.random() < 0.5 if fits is None else fits
        if born is None and self.rng.random() < 0.12:
            self.born(at, stage=HANDOFF_STAGE, fits=fits)
            self.contact.set("hubspotscore", str(self.rng.randint(60, 90)), at + self.some(0.001, 0.01), SCORING)
        else:
            self.born(born or at - self.some(2, 40_000), stage=self.rng.choice(("lead", "lead", "subscriber")), fits=fits)
            self._came_by_a_form()
            self.contact.set("hubspotscore", str(self.rng.randint(60, 95)), at - timedelta(seconds=1), SCORING)
            self.contact.set("lifecyclestage", HANDOFF_STAGE, at)
        self.contact.set("hs_lead_status", "NEW", at)
        return self.open_passage(at)

    def raise_hand(self, at: datetime, *, form: str | None = None) -> Passage:
        """Open a passage by a hand-raise at `at`, as a contact who was known before or is created by the form."""
        if self.rng.random() < 0.4:
            self.born(at)
        else:
            self.born(at - self.some(5, 40_000))
            self._came_by_a_form()
        self.submit(at, form or self.rng.choice(RAISING_FORMS))
        return self.open_passage(at, by="hand-raise")

    def _came_by_a_form(self) -> None:
        if self.rng.random() < 0.5:
            self.submit(self.contact.written_at, self.campaign.form)

    def submit(self, at: datetime, form: str) -> None:
        """Fill in a form at `at`; the portal notes it within seconds, its name a little later than its time.

        The same form once more changes the time alone.
        """
        noted = at + timedelta(milliseconds=self.rng.randint(150, 1_800))
        self.contact.set("recent_conversion_date", iso(at), noted, FORM)
        if self.contact.value("recent_conversion_event_name") == form:
            return
        self.contact.set("recent_conversion_event_name", form, noted + timedelta(milliseconds=self.rng.choice((0, 0, 40, 2_500))), FORM)

    def open_passage(self, at: datetime, *, by: Opening = "stage", handoff: Handoff = "sdr") -> Passage:
        """Begin a passage at `at` that the records already show."""
        passage = Passage(opened_at=at, by=by, handoff=handoff)
        self.passages.append(passage)
        return passage

    def qualify(self, at: datetime, source: Source = WORKFLOW) -> Passage:
        """Sales qualifies the lead at `at`: that hands it over to the account executives."""
        self.contact.set("lifecyclestage", QUALIFIED_STAGE, at, source)
        return self.open_passage(at, handoff="ae")

    # -- owners ----------------------------------------------------------------------------------------

    def own(self, owner: Rep | str, at: datetime, source: Source = WORKFLOW) -> None:
        """Set the contact's owner at `at`: a rep, or the id of an owner who stands for nobody (empty: clear it)."""
        rep = owner if isinstance(owner, Rep) else None
        self.contact.set("hubspot_owner_id", rep.owner_id if rep else str(owner), at, source)
        self.turns.append(Turn(at, rep))

    def assign(self, passage: Passage, rep: Rep, at: datetime, source: Source = WORKFLOW) -> None:
        """Give the lead to `rep` at `at`, before or within `passage`."""
        self.own(rep, at, source)
        passage.tenures.append(Tenure(rep=rep, at=max(at, passage.opened_at)))

    # -- touches ----------------------------------------------------------------------------------------

    def touch(self, passage: Passage, at: datetime, *, sort: str | None = None, rep: Rep | None = None) -> None:
        """Plant a touch that counts in `passage` at `at`, by its owner, who must own it then."""
        self.log(sort or self.rng.choice(EVERYDAY), rep or passage.tenures[-1].rep, at)

    def log(self, sort: str, rep: Rep, at: datetime, *, logged: datetime | None = None) -> None:
        """Plant an activity, whether it counts or not."""
        sheet = activity({**COUNTED, **NOT_COUNTED}[sort], rep=rep, at=at, logged=logged, rng=self.rng)
        self.add(sheet, deed_of(sort, sheet, rep, at))

    def book(self, rep: Rep, *, booked: datetime, start: datetime, later: list[tuple[datetime, str]]) -> datetime:
        """Put a meeting of half an hour into the diary; `later` tells what became of it; return its end."""
        end, outcomes = start + HALF_HOUR, [(booked, "SCHEDULED"), *later]
        sheet = meeting(rep=rep, start=start, end=end, outcomes=outcomes, rng=self.rng)
        self.add(sheet, diary_deed(sheet, rep, start=start, end=end, outcomes=outcomes, now=self.now))
        return end

    def noise(self, rep: Rep, since: datetime, upto: datetime, *, most: int = 2) -> None:
        """Plant up to `most` activities between two moments that are no touch."""
        for _ in range(self.rng.randint(0, most)):
            self.log(self.rng.choice(BACKGROUND), rep, to_ms(since + (upto - since) * self.rng.random()))

    def add(self, sheet: Sheet, deed: Deed | None = None) -> None:
        """Keep a deal or an activity of this contact."""
        sheet.links.append(self.contact)
        self.others.append(sheet)
        if deed is not None:
            self.deeds.append(deed)

    # -- decisions ---------------------------------------------------------------------------------------

    def accept(self, passage: Passage, at: datetime) -> None:
        """Sales accepts the lead at `at`."""
        self.status(ACCEPTED_STATUS, at, passage)

    def status(self, value: str, at: datetime, passage: Passage) -> None:
        """Set the lead status at `at`, by the hand of the owner whom the story gave it, if there is one."""
        self.contact.set("hs_lead_status", value, at, by(passage.tenures[-1].rep) if passage.tenures else WORKFLOW)

    def reject(self, passage: Passage, at: datetime) -> None:
        """Sales rejects the lead at `at`; mostly it says why."""
        self._close(passage, at, REJECTED_STATUS)
        self.state_reason(REJECT_FIELD, at)

    def recycle(self, passage: Passage, at: datetime) -> None:
        """The lead goes back to Marketing at `at`; mostly it is said why."""
        self._close(passage, at, RECYCLED_STATUS)
        self.state_reason(RECYCLE_FIELD, at)

    def disqualify(self, passage: Passage, at: datetime) -> None:
        """The lead is out for good at `at`."""
        self._close(passage, at, DISQUALIFIED_STATUS)

    def state_reason(self, field: str, at: datetime) -> None:
        """Note why a lead went back at `at`: with it, minutes later, too late, or never; one reason in four is not permitted."""
        if self.rng.random() < 0.15:
            return
        later = self.rng.choice((timedelta(0), self.some(0.01, 0.2), self.some(0.2, 14), self.some(16, 60)))
        self.contact.set(field, self.rng.choice(tuple(LABELS[field])), at + later, FORM)

    def _close(self, passage: Passage, at: datetime, status: str) -> None:
        self.status(status, at, passage)
        self.end(at, ENDINGS[status])

    def end(self, at: datetime, ending: str) -> None:
        """Close every passage that is open at `at`; what comes later counts for nothing in it."""
        for passage in self.passages:
            if passage.ended_at is None and passage.opened_at <= at:
                passage.ended_at, passage.ending = at, ending

    def close_a_deal(self, rep: Rep, *, opened: datetime, closed: datetime, stage: str) -> None:
        """A deal of theirs is won or lost at `closed`, which ends every open passage."""
        self.add_deal(rep, opened=opened, closed=closed, stage=stage)
        self.end(closed, "deal closed")

    def add_deal(self, rep: Rep, *, opened: datetime, closed: datetime | None, stage: str) -> None:
        """Plant a deal of `rep`'s, still open where `closed` is None."""
        self.add(deal(rep=rep, opened=opened, closed=closed, stage=stage, rng=self.rng))
        if closed is not None:
            self.deals_closed.append(closed)

    def opt_out(self, at: datetime) -> None:
        """The person opts out of mail and calls; the second of the two at `at` excuses every clock."""
        first, second = self.rng.sample(OPT_OUTS, 2)
        self.contact.set(first, "true", at - self.some(0.1, 3), FORM)
        self.contact.set(second, "true", at, FORM)
        self.excused_at = at

    # -- the whole -------------------------------------------------------------------------------------------

    def course(self) -> Course:
        """What was planned so far, ready for a verdict."""
        employers = [sheet for sheet in self.contact.links if sheet.kind == "companies"]
        return Course(
            contact=self.contact,
            company=employers[0] if employers else None,
            ownership=Ownership(self.turns),
            passages=sorted(self.passages, key=lambda passage: passage.opened_at),
            deeds=sorted(self.deeds, key=lambda deed: deed.at),
            hours=self.scene.hours,
            excused_at=self.excused_at,
            deals_closed=self.deals_closed,
        )

    def sheets(self) -> list[Sheet]:
        """Every record that this lead brings along, the company first."""
        company = [self.company] if self.company is not None else []
        return [*company, self.contact, *self.others]

    def refuse_if_in_future(self) -> None:
        """Raise DoesNotFit where the portal would show what has not happened yet."""
        if any(not self.has_come(sheet.last_change()) for sheet in self.sheets()):
            raise DoesNotFit
