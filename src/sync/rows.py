"""What the mirror knows of one lead: the input of the timeline. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.records import Activity, FieldChange, Record, RecordKey


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRows:
    """All mirror rows of one lead, as they were known at one moment.

    `changes` holds the histories of every record below (person, company, deals), ordered by
    (record, field, at); changes without history carry `since` (see `FieldChange`).
    """

    lead: str  # the lead's key: that of its first person record
    people: tuple[Record, ...]  # its person records: the marketing CRM's first, then by kind and key
    company: Record | None  # the primary company, else the one with the smallest key
    deals: tuple[Record, ...]  # by key
    changes: tuple[FieldChange, ...]
    activities: tuple[Activity, ...]  # of the person records, by (happened_at, key)
    alike: Mapping[RecordKey, int]  # activity -> look-alikes logged within the bulk span, itself included
    gone_at: Mapping[RecordKey, datetime]  # records that were archived or deleted, and when (CRM time or seen)
    doubts: tuple[RecordKey, ...] = ()  # person records of other leads that may be the same person, by key
    merged: Mapping[RecordKey, RecordKey] = field(
        default_factory=dict
    )  # records that are no more -> the person record each was merged into
