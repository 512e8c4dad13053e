"""A practice Salesforce org: what it holds, and what the API can do with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sandbox.clock import Clock
from sandbox.salesforce.caller import Caller


class Selection(Protocol):
    """What a query found. The ids are frozen; the values are those of the time of `rows`."""

    total: int  # totalSize: of COUNT() the count
    is_aggregate: bool  # rows of GROUP BY and aggregates cannot be paged with locators

    def rows(self, start: int, stop: int) -> list[dict[str, Any]]:
        """The records from `start` up to `stop` as JSON shows them: attributes, fields, nested relationship objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What a conversion made or used."""

    account_id: str
    contact_id: str
    opportunity_id: str | None


class Org:
    """Everything a practice org holds. Not safe for threads: one event loop uses it. Its calls raise Refused."""

    def __init__(self, now: datetime, *, live: bool = False, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(now, live=live)
        self.api_disabled = False  # answer every data call with 403 API_DISABLED_FOR_ORG

    @classmethod
    def from_lines(cls, lines: Iterable[Mapping[str, Any]], *, now: datetime, live: bool = False, clock: Clock | None = None) -> Org:
        """An org that holds what `lines` say (docs/reference/portal-file.md). Raises sandbox.lines.BadLines with all problems."""
        raise NotImplementedError

    def plant(self, lines: Iterable[Mapping[str, Any]], *, name: str = "line") -> int:
        """Add what `lines` say as it is; a record with a known id takes that one's place. The number of records.

        Raises sandbox.lines.BadLines, and then nothing was added.
        """
        raise NotImplementedError

    def lines(self) -> Iterator[dict[str, Any]]:
        """Lines that describe this org: `plant` takes them."""
        raise NotImplementedError

    @property
    def org_id(self) -> str:
        """The id of the Organization row, 18 characters."""
        raise NotImplementedError

    @property
    def integration_user(self) -> str:
        """The id of the user that the API calls of the practice credentials run as."""
        raise NotImplementedError

    def caller(self, **headers: Any) -> Caller:
        """The integration user with these fields of Caller."""
        raise NotImplementedError

    # --- reading

    def select(self, soql: str, caller: Caller, *, all_rows: bool = False) -> Selection:
        """Run a query; `all_rows` as queryAll does: deleted and archived rows too."""
        raise NotImplementedError

    def get(self, sobject: str, id_: str, caller: Caller, *, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """One record with `attributes`: the named fields, or all of its object. 404 NOT_FOUND for one that is gone."""
        raise NotImplementedError

    def find(self, sobject: str, field: str, value: str) -> str | None:
        """The id of the one live record whose external id (or Id) `field` is `value`. 300 where there are several."""
        raise NotImplementedError

    def sobject_of(self, id_: str) -> str | None:
        """The object that an id's prefix belongs to."""
        raise NotImplementedError

    def modified(self, sobject: str, id_: str) -> datetime | None:
        """LastModifiedDate of a live record, for Last-Modified and If-Modified-Since; None where it has none."""
        raise NotImplementedError

    def describe(self, sobject: str, caller: Caller) -> dict[str, Any]:
        """As sobjects/X/describe answers. NOT_FOUND for an unknown object."""
        raise NotImplementedError

    def describe_basic(self, sobject: str, caller: Caller) -> dict[str, Any]:
        """As sobjects/X answers: `objectDescribe` and `recentItems`."""
        raise NotImplementedError

    def describe_global(self, caller: Caller) -> dict[str, Any]:
        """As sobjects answers: `encoding`, `maxBatchSize`, `sobjects`."""
        raise NotImplementedError

    def updated(self, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        """As sobjects/X/updated answers: `ids`, `latestDateCovered`."""
        raise NotImplementedError

    def deleted(self, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        """As sobjects/X/deleted answers: `deletedRecords`, `earliestDateAvailable`, `latestDateCovered`."""
        raise NotImplementedError

    def counts(self, sobjects: Sequence[str] = ()) -> list[dict[str, Any]]:
        """As limits/recordCount answers in `sObjects`: `count` and `name` of each object with rows, or of those named."""
        raise NotImplementedError

    # --- writing: each call is all or nothing

    def transaction(self) -> AbstractContextManager[None]:
        """Undo everything that is written within, if it is left by an exception (allOrNone). May be nested."""
        raise NotImplementedError

    def create(self, sobject: str, values: Mapping[str, Any], caller: Caller) -> str:
        """Make a record; its 18-character id."""
        raise NotImplementedError

    def update(self, sobject: str, id_: str, values: Mapping[str, Any], caller: Caller) -> None:
        """Set `values` of a record."""
        raise NotImplementedError

    def delete(self, sobject: str, id_: str, caller: Caller) -> None:
        """Put a record, and what belongs to it, into the recycle bin."""
        raise NotImplementedError

    def undelete(self, sobject: str, id_: str, caller: Caller) -> None:
        """Take a record, and what was deleted with it, out of the recycle bin."""
        raise NotImplementedError

    def merge(self, sobject: str, master: str, losers: Sequence[str], caller: Caller) -> None:
        """Merge one or two records into `master`: they are deleted with MasterRecordId, their children move."""
        raise NotImplementedError

    def convert(
        self,
        lead: str,
        caller: Caller,
        *,
        account: str | None = None,
        contact: str | None = None,
        opportunity_name: str | None = None,
        owner: str | None = None,
        status: str | None = None,
    ) -> Converted:
        """Convert a Lead into the given or a new account and contact; an opportunity only if it is named."""
        raise NotImplementedError

    # --- what a control path does to the org

    def archive_activities(self) -> int:
        """Archive what is old enough, as the nightly job does; the number of records."""
        raise NotImplementedError

    def empty_bin(self) -> int:
        """Purge all deleted records; the number of records."""
        raise NotImplementedError

    def add_validation(self, sobject: str, condition: str, message: str, *, field: str | None = None) -> None:
        """Refuse writes of records for which the SOQL `condition` holds: FIELD_CUSTOM_VALIDATION_EXCEPTION."""
        raise NotImplementedError

    def clear_validations(self) -> None:
        """Drop all validation rules."""
        raise NotImplementedError

    def set_assignment(self, entries: Sequence[tuple[str, str]], *, rule_id: str | None = None, active: bool = True) -> str:
        """Set the Lead assignment rule `rule_id` (a new one without): the first SOQL criteria that hold name the owner.

        The rule's id. An empty criteria text always holds. Without entries the rule goes. One rule is active at most.
        """
        raise NotImplementedError

    def lock(self, id_: str, until: datetime) -> None:
        """Hold a record: writes to it are refused with UNABLE_TO_LOCK_ROW before `until`."""
        raise NotImplementedError

    def track(self, sobject: str, field: str | None = None, *, on: bool = True) -> None:
        """Switch the history of a field (of the whole object) on or off from now on."""
        raise NotImplementedError

    def hide(self, sobject: str, field: str | None = None) -> None:
        """Hide a field (the whole object) from all callers, as field-level security (a missing permission) does."""
        raise NotImplementedError

    def show(self, sobject: str, field: str | None = None) -> None:
        """Undo `hide`."""
        raise NotImplementedError

    def switches(self) -> dict[str, Any]:
        """Validation rules, assignment rules, locks, hidden fields, tracked fields, api_disabled, as JSON."""
        raise NotImplementedError
