"""Where a lead stands, told by two CRMs: each sees its own changes at once, and the other's as copies. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.world.both.copies import SYNC, not_overtaken, set_back
from sandbox.world.both.lags import Lags
from sandbox.world.draft import Draft
from sandbox.world.promises import HANDOFF_STAGE
from sandbox.world.salesforce.seconds import in_seconds, to_second
from sandbox.world.salesforce.status import CONVERTED, OPEN, statuses
from sandbox.world.sheet import Version

IN_HUBSPOT = {HANDOFF_STAGE: "NEW", OPEN: "OPEN"}  # values of Salesforce's picklist that HubSpot's has another word for


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One value of the picklist, and which CRM said it first."""

    version: Version
    from_hubspot: bool

    @property
    def value(self) -> str:
        """The value, as stories say it."""
        return self.version.value

    @property
    def is_copied_as_status(self) -> bool:
        """Whether it is Salesforce's, and HubSpot's lead status says it too: a conversion is a lifecycle stage there."""
        return not self.from_hubspot and self.value != CONVERTED


def words_of(draft: Draft) -> list[Word]:
    """Every value of the one picklist, oldest first: the handoff and a way back from it are HubSpot's, all else is Salesforce's."""
    staged = {version.at for version in draft.contact.versions("lifecyclestage")}
    found: list[Word] = []
    for version in statuses(draft):
        if not found or found[-1].value != version.value:
            found.append(Word(version=version, from_hubspot=version.at in staged and version.value != CONVERTED))
    return found


def picklist(draft: Draft, words: Sequence[Word], lags: Lags, *, upto: datetime | None) -> list[Version]:
    """The Lead's status from its creation on: a copy that comes after something newer is not written."""
    told = [(when, word.version) for word in words if (when := _in_salesforce(draft, lags, word)) is not None]
    return in_seconds([replace(version, at=when) for when, version in not_overtaken(told)], since=lags.born, upto=upto)


def _in_salesforce(draft: Draft, lags: Lags, word: Word) -> datetime | None:
    at, hitch = word.version.at, draft.sync.hitch
    if not word.from_hubspot:
        return max(to_second(at), lags.born)
    arrived = lags.to_salesforce(at)
    if hitch is not None and hitch.of == "handoff" and word.value == HANDOFF_STAGE:
        if hitch.lasts is None:
            return None
        arrived = max(lags.born, at + hitch.lasts)
    return arrived if draft.has_come(arrived) else None


def lead_status(draft: Draft, words: Sequence[Word], lags: Lags) -> list[Version]:
    """HubSpot's lead status."""
    slow = next((word for word in reversed(words) if word.is_copied_as_status), None)
    told = [(when, word.version) for word in words if (when := _in_hubspot(draft, lags, word, is_slow=word is slow)) is not None]
    found = [
        Version(IN_HUBSPOT.get(one.value, one.value), when, SYNC if when > one.at else one.source) for when, one in not_overtaken(told)
    ]
    undone = draft.sync.set_back
    return [*found, *(set_back(draft, found, undone) if undone is not None and undone.of == "status" else ())]


def _in_hubspot(draft: Draft, lags: Lags, word: Word, *, is_slow: bool) -> datetime | None:
    if word.from_hubspot:
        return word.version.at
    if not word.is_copied_as_status:
        return None
    at, hitch = max(to_second(word.version.at), lags.born), draft.sync.hitch
    arrived = lags.to_hubspot(at)
    if hitch is not None and hitch.of == "status" and is_slow:
        if hitch.lasts is None:
            return None
        arrived = at + hitch.lasts
    return arrived if draft.has_come(arrived) else None
