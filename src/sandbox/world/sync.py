"""What a story asks of the program that keeps two CRMs in step about its lead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Place = Literal["both", "hubspot", "salesforce"]
Link = Literal["pointer", "address", "pointer to nothing"]
Extra = Literal["lead with its address", "two leads with its address", "second contact", "merged lead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hitch:
    """The last change of a sort is copied late, or never; of handoffs, each."""

    of: Literal["owner", "status", "handoff", "conversion"]
    lasts: timedelta | None  # None: for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBack:
    """A workflow of HubSpot undoes the last copy, some time after it arrived."""

    of: Literal["owner", "status"]
    after: timedelta
    lasts: timedelta | None  # until somebody sees it; None: nobody does


@dataclass(slots=True, kw_only=True)
class Sync:
    """How the records of one person in two CRMs are kept in step; None: as it comes."""

    place: Place | None = None  # in which CRMs the person is
    delivered: Literal["early", "on handoff"] | timedelta | None = None  # when the Lead is created; a span: so long after the handoff
    link: Link | None = None  # by what the CRMs know that two records are one person
    extra: Extra | None = None  # a record too many
    hitch: Hitch | None = None
    set_back: SetBack | None = None
