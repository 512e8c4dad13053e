"""People and programs who work in a practice portal, at random but the same for one seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import urllib3

TO_CONTACT = {"calls": 194, "emails": 198, "meetings": 200, "communications": 81, "tasks": 204, "notes": 202, "deals": 3}
DISPOSITIONS = ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "73a0d17f-1163-4015-bdd5-ec830791da20", "b2cf5968-551e-4856-9783-52b3da59a7d0")
FORMS = ("Demo request", "Get a demo: Contact sales", "Newsletter")
FIELDS: Mapping[str, Sequence[str]] = {  # fields of a contact that judging reads and people edit, with values of theirs
    "lifecyclestage": ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", ""),
    "hs_lead_status": ("IN_PROGRESS", "NEW", "", "CONNECTED"),
    "country": ("US", "DE", ""),
    "jobtitle": ("VP Operations", "Head of Revenue", "Student", ""),
    "company": ("Acme", ""),
    "phone": ("+1 555 0100", ""),
    "hs_analytics_source": ("PAID_SEARCH", "REFERRALS"),
    "do_not_call": ("true", "false"),
}
COMPUTED: Mapping[str, Sequence[str]] = {"hubspotscore": ("40", "60", "97", "99"), "hs_email_optout": ("true", "false")}
COMPANY_FIELDS: Mapping[str, Sequence[str]] = {
    "numberofemployees": ("40", "200", "2000"),
    "industry": ("COMPUTER_SOFTWARE", "RETAIL", "CRM_VENDOR"),
}
REASONS = ("DUPLICATE", "BAD_DATA", "R3", "NO_BUDGET", "")
RECYCLINGS = ("NO_RESPONSE", "TIMING", "OTHER", "")
WHOLE = (  # what a contact is planted again with: all that judging reads
    *FIELDS,
    *COMPUTED,
    "email",
    "hubspot_owner_id",
    "lead_reject_reason",
    "lead_recycle_reason",
    "recent_conversion_date",
    "recent_conversion_event_name",
    "hs_merged_object_ids",
)
BY_HAND = {"sourceType": "CRM_UI", "sourceId": "userId:1001"}
LONGEST_STEP_S = 20 * 3600
FEWEST = 50  # contacts that are left over
FEWEST_DEALS = 20

Deed = Callable[[str], None]


class People:
    """They do things with contacts; `told_by_link` are those who got an old call that no stream tells of."""

    def __init__(self, base_url: str, seed: int) -> None:
        self._base = base_url
        self._pool = urllib3.PoolManager(headers={"Authorization": "Bearer sandbox", "Content-Type": "application/json"})
        self._rng = random.Random(seed)
        self.contacts = sorted((row["id"] for row in self._list("contacts")), key=int)
        self._rng.shuffle(self.contacts)
        self._companies = [row["id"] for row in self._list("companies")]
        self._owners = [owner["id"] for owner in self.ask("GET", "/crm/v3/owners?limit=100")["results"]]
        self._calls: list[str] = []
        self._meetings: list[str] = []
        self._deals: list[str] = []
        self._mails: list[str] = []
        self.told_by_link: set[str] = set()
        self.deleted: set[str] = set()
        self.restored: set[str] = set()
        self.merged: set[str] = set()
        self.forgotten: set[str] = set()  # the addresses of persons who were deleted for good
        self.done: dict[str, int] = {}

    def work(self, deeds: Sequence[Deed], *, most: int = 12) -> None:
        """A second from now do some of `deeds`, mostly with the same leads, then let some time pass."""
        self.rest(1)
        for _ in range(self._rng.randint(0, most)):
            deed, busy = self._pick(deeds), self.contacts[: max(10, len(self.contacts) // 4)]
            deed(self._pick(busy if self._rng.random() < 0.8 else self.contacts))
            self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1
        self.rest(self._pick((1, 60, 300, 900, 3600, 7200, LONGEST_STEP_S)))

    @property
    def deeds(self) -> list[Deed]:
        """All that they do."""
        return [*self.lasting_deeds, self.correct_a_call, self.link_an_old_call]

    @property
    def lasting_deeds(self) -> list[Deed]:
        """What they do whose moment the CRM tells for ever."""
        return [
            *(self.hand_over,) * 2,
            *(self.pass_on,) * 2,
            *(self.edit,) * 3,
            self.edit_by_hand,
            self.accept,
            self.reject,
            self.recycle,
            self.disqualify,
            self.score,
            self.raise_a_hand,
            *(self.call,) * 3,
            *(self.mail,) * 2,
            self.mail_many,
            self.bounce,
            self.reply,
            self.message,
            self.note,
            self.book,
            self.end_a_meeting,
            self.open_a_deal,
            self.close_a_deal,
            self.edit_a_company,
            self.link_a_company,
            self.merge,
            self.create,
            self.delete,
        ]

    @property
    def restless_deeds(self) -> list[Deed]:
        """What they do to records that are read at that moment; each is told by the change time of one that it touches."""
        told = [deed for deed in [*self.lasting_deeds, self.correct_a_call] if deed != self.link_a_company]
        return [
            *told,
            *(self.create_and_call,) * 3,
            self.move_to_a_company,
            *(self.merge,) * 2,
            *(self.delete,) * 2,
            *(self.restore,) * 2,
            *(self.forget,) * 2,
            *(self.delete_an_activity,) * 2,
            self.delete_a_deal,
        ]

    @property
    def settled_deeds(self) -> list[Deed]:
        """The same without restoring: what was linked to a record while it was away, no change time tells."""
        return [deed for deed in self.restless_deeds if deed != self.restore]

    def rest(self, seconds: float) -> None:
        """Do nothing for a while."""
        self.ask("POST", "/_sandbox/clock", {"advance_s": seconds})

    def do(self, deeds: Sequence[Deed]) -> None:
        """Do one of `deeds` now."""
        deed = self._pick(deeds)
        deed(self._pick(self.contacts))
        self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1

    # --- records

    def hand_over(self, contact: str) -> None:
        self._change("contacts", contact, lifecyclestage="", hs_lead_status="")
        self._change("contacts", contact, lifecyclestage="marketingqualifiedlead")

    def pass_on(self, contact: str) -> None:
        self._change("contacts", contact, hubspot_owner_id=self._pick([*self._owners, ""]))

    def give_by_hand(self, contact: str, owner: str) -> None:
        """Give a contact to somebody in HubSpot's own pages, not through its API."""
        self._plant(contact, {"hubspot_owner_id": owner}, BY_HAND)

    def edit(self, contact: str) -> None:
        field = self._pick([*FIELDS])
        self._change("contacts", contact, **{field: self._pick(FIELDS[field])})

    def edit_by_hand(self, contact: str) -> None:
        field = self._pick([*FIELDS])
        self._plant(contact, {field: self._pick(FIELDS[field])}, BY_HAND)

    def accept(self, contact: str) -> None:
        self._change("contacts", contact, hs_lead_status="IN_PROGRESS")

    def reject(self, contact: str) -> None:
        self._change("contacts", contact, hs_lead_status="UNQUALIFIED", lead_reject_reason=self._pick(REASONS))

    def recycle(self, contact: str) -> None:
        self._change("contacts", contact, hs_lead_status="RECYCLED", lead_recycle_reason=self._pick(RECYCLINGS))

    def disqualify(self, contact: str) -> None:
        self._change("contacts", contact, hs_lead_status="DISQUALIFIED")

    def score(self, contact: str) -> None:
        field = self._pick([*COMPUTED])
        self._plant(contact, {field: self._pick(COMPUTED[field])}, {"sourceType": "CALCULATED"})

    def raise_a_hand(self, contact: str) -> None:
        values = {"recent_conversion_date": self.now(), "recent_conversion_event_name": self._pick(FORMS)}
        self._plant(contact, values, {"sourceType": "FORM"})

    def create(self, _: str) -> None:
        number = self._rng.randrange(10**9)
        values = {"email": f"new{number}@example.com", "lifecyclestage": self._pick(("lead", "marketingqualifiedlead"))}
        self.contacts.append(str(self.ask("POST", "/crm/v3/objects/contacts", {"properties": values})["id"]))

    def merge(self, contact: str) -> None:
        other = self._pick(self.contacts)
        if other != contact and len(self.contacts) >= FEWEST:
            self.ask("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": contact, "objectIdToMerge": other})
            self.contacts.remove(other)
            self.merged.add(other)
            self.restored |= {contact} if other in self.restored else set()
            if other in self.told_by_link:
                self.told_by_link.add(contact)

    def delete(self, contact: str) -> None:
        if len(self.contacts) >= FEWEST:
            self.ask("DELETE", f"/crm/v3/objects/contacts/{contact}")
            self.contacts.remove(contact)
            self.deleted.add(contact)

    def restore(self, _: str) -> None:
        if self.deleted:
            contact = self._pick(sorted(self.deleted))
            self.ask("POST", "/_sandbox/restore", {"kind": "contacts", "id": contact})
            self.deleted.remove(contact)
            self.restored.add(contact)
            self.contacts.append(contact)

    def forget(self, contact: str) -> None:
        if len(self.contacts) >= FEWEST and contact not in self.restored:
            email = self.ask("GET", f"/crm/v3/objects/contacts/{contact}?properties=email")["properties"]["email"]
            self.ask("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": contact})
            self.contacts.remove(contact)
            self.forgotten |= {email} if email else set()

    def create_and_call(self, _: str) -> None:
        """Create a lead, call it, and find that it is one that was there already."""
        self.create(_)
        self.call(self.contacts[-1])
        if self._rng.random() < 0.5:
            newcomer = self.contacts.pop()
            self.ask("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": self._pick(self.contacts), "objectIdToMerge": newcomer})
            self.merged.add(newcomer)

    def move_to_a_company(self, contact: str) -> None:
        """Associate a company, with an edit that tells of it."""
        self.link_a_company(contact)
        self.edit(contact)

    def delete_an_activity(self, _: str) -> None:
        kind, ids = self._pick((("calls", self._calls), ("meetings", self._meetings), ("emails", self._mails)))
        if ids:
            self.ask("DELETE", f"/crm/v3/objects/{kind}/{ids.pop(self._rng.randrange(len(ids)))}")

    def delete_a_deal(self, _: str) -> None:
        if len(self._deals) > FEWEST_DEALS:
            self.ask("DELETE", f"/crm/v3/objects/deals/{self._deals.pop(self._rng.randrange(len(self._deals)))}")

    def edit_a_company(self, _: str) -> None:
        values = self._pick(
            ({"numberofemployees": "40"}, {"numberofemployees": "200"}, {"industry": "COMPUTER_SOFTWARE"}, {"industry": "CRM_VENDOR"})
        )
        self._change("companies", self._pick(self._companies), **values)

    def link_a_company(self, contact: str) -> None:
        company = self._pick(self._companies)
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
        self.ask("PUT", f"/crm/v4/objects/contacts/{contact}/associations/companies/{company}", types)

    def open_a_deal(self, contact: str) -> None:
        self._deals.append(self._create("deals", contact, dealname="d", pipeline="default", dealstage="appointmentscheduled"))

    def close_a_deal(self, _: str) -> None:
        if self._deals:
            self._change("deals", self._pick(self._deals), dealstage=self._pick(("closedwon", "closedlost")))

    # --- activities

    def call(self, contact: str) -> None:
        happened = {"hs_timestamp": self.now(before_s=self._pick((0, 0, 120, 6 * 3600)))}
        status = {"hs_call_status": self._pick(("NO_ANSWER", "COMPLETED", "FAILED", "BUSY", "QUEUED"))} if self._rng.random() < 0.8 else {}
        outcome = {"hs_call_disposition": self._pick(DISPOSITIONS)} if self._rng.random() < 0.5 else {}
        length = {"hs_call_duration": self._pick(("5000", "60000"))} if self._rng.random() < 0.6 else {}
        direction = {"hs_call_direction": self._pick(("OUTBOUND", "OUTBOUND", "INBOUND"))}
        self._calls.append(self._log("calls", contact, **happened, **status, **outcome, **length, **direction))

    def correct_a_call(self, _: str) -> None:
        values = self._pick(({"hs_call_status": "FAILED"}, {"hs_call_status": "COMPLETED"}, {"hs_call_duration": "90000"}))
        if self._calls:
            self._change("calls", self._pick(self._calls), **values)

    def link_an_old_call(self, contact: str) -> None:
        """Associate a call that is not modified by it, so that no stream tells."""
        if self._calls:
            self.ask("PUT", f"/crm/v4/objects/calls/{self._pick(self._calls)}/associations/default/contacts/{contact}")
            self.told_by_link.add(contact)

    def mail(self, contact: str) -> None:
        self._mails.append(self._log("emails", contact, hs_email_direction="EMAIL", hs_email_status="SENT"))

    def mail_many(self, _: str) -> None:
        owner = self._pick(self._owners)
        for contact in self._rng.sample(self.contacts, min(12, len(self.contacts))):
            told = {"hubspot_owner_id": owner, "hs_email_subject": "Hello", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
            self._create("emails", contact, hs_timestamp=self.now(), **told)

    def bounce(self, _: str) -> None:
        if self._mails:
            self._change("emails", self._pick(self._mails), hs_email_status="BOUNCED")

    def reply(self, contact: str) -> None:
        self._log(
            "emails", contact, hs_email_direction="INCOMING_EMAIL", hs_email_subject=self._pick(("Re: Hello", "Automatic reply: away"))
        )

    def message(self, contact: str) -> None:
        self._log("communications", contact, hs_communication_channel_type="SMS", hs_communication_logged_from="CRM")

    def note(self, contact: str) -> None:
        self._log("notes", contact, hs_note_body="note")

    def book(self, contact: str) -> None:
        start_s = self._pick((1800, 7200, 90000))
        start, end = self.now(before_s=-start_s), self.now(before_s=-start_s - 1800)
        times = {"hs_timestamp": start, "hs_meeting_start_time": start, "hs_meeting_end_time": end}
        self._meetings.append(self._log("meetings", contact, hs_meeting_outcome="SCHEDULED", **times))

    def end_a_meeting(self, _: str) -> None:
        if self._meetings:
            outcome = self._pick(("COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED"))
            self._change("meetings", self._pick(self._meetings), hs_meeting_outcome=outcome)

    # --- the portal

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call the portal; AssertionError where it refuses."""
        answer = self._pool.request(method, self._base + path, body=None if body is None else orjson.dumps(body))
        assert answer.status < 300, (method, path, answer.status, answer.data[:300])
        return orjson.loads(answer.data) if answer.data else None

    def _list(self, kind: str) -> Iterator[dict[str, Any]]:
        after = ""
        while True:
            page = self.ask("GET", f"/crm/v3/objects/{kind}?limit=100{after}")
            yield from page["results"]
            if "paging" not in page:
                return
            after = f"&after={page['paging']['next']['after']}"

    def _pick(self, of: Sequence[Any]) -> Any:
        return self._rng.choice(of)

    def now(self, *, before_s: int = 0) -> str:
        """Return the portal's time."""
        now = datetime.fromisoformat(self.ask("GET", "/_sandbox/clock")["now"])
        return (now - timedelta(seconds=before_s)).isoformat().replace("+00:00", "Z")

    def _change(self, kind: str, id_: str, **properties: str) -> None:
        self.ask("PATCH", f"/crm/v3/objects/{kind}/{id_}", {"properties": properties})

    def _log(self, kind: str, contact: str, **properties: str) -> str:
        return self._create(kind, contact, **{"hs_timestamp": self.now(), "hubspot_owner_id": self._pick(self._owners)} | properties)

    def _create(self, kind: str, contact: str, **properties: str) -> str:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TO_CONTACT[kind]}]
        body = {"properties": properties, "associations": [{"to": {"id": contact}, "types": types}]}
        return str(self.ask("POST", f"/crm/v3/objects/{kind}", body)["id"])

    def _plant(self, contact: str, values: Mapping[str, str], source: Mapping[str, str]) -> None:
        """Give a contact values that no client may write, or from another source than a client is."""
        asked = ",".join(WHOLE)
        now = self.now()
        held = self.ask("GET", f"/crm/v3/objects/contacts/{contact}?properties={asked}&propertiesWithHistory={asked}")
        history = held["propertiesWithHistory"]
        for name, value in values.items():
            history[name] = [{"value": value, "timestamp": now, **source}, *history.get(name, ())]
        properties = {name: value for name, value in held["properties"].items() if value is not None} | values
        for name in ("lastmodifieddate", "hs_lastmodifieddate", "hs_object_id"):
            properties.pop(name, None)
        line = {"object": "contacts", "id": held["id"], "properties": properties, "history": history}
        self.ask("POST", "/_sandbox/records", [line])
