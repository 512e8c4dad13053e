"""A practice Salesforce org: what it holds, and what the API can do with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce import admin, bin, convert, dump, merge, planting, reading, replication, writing
from sandbox.salesforce.caller import Caller
from sandbox.salesforce.convert import Conversion, Converted
from sandbox.salesforce.describe import describe, summary
from sandbox.salesforce.lines import numbered
from sandbox.salesforce.new_org import furnish
from sandbox.salesforce.soql import Selection, select
from sandbox.salesforce.store import Store

__all__ = ["Converted", "Org", "Selection"]


class Org:
    """Everything a practice org holds. Not safe for threads: one event loop uses it.

    Its calls raise Refused, and then nothing was changed. Ids may have 15 or 18 characters, names any case.
    """

    def __init__(self, now: datetime, *, live: bool = False, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(now, live=live)
        self.api_disabled = False  # whoever answers data calls says 403 API_DISABLED_FOR_ORG then
        self._store = Store(self.clock)
        self.integration_user = furnish(self._store)  # the id of the user that calls of the practice credentials run as

    @classmethod
    def from_lines(cls, lines: Iterable[Mapping[str, Any]], *, now: datetime, live: bool = False, clock: Clock | None = None) -> Org:
        """An org that holds what `lines` say (docs/reference/portal-file.md). Raises sandbox.lines.BadLines with all problems."""
        org = cls(now, live=live, clock=clock)
        org.plant(lines)
        return org

    def plant(self, lines: Iterable[Mapping[str, Any]], *, name: str = "line") -> int:
        """Add what `lines` say as it is; a record with a known id takes that one's place. The number of records.

        Raises sandbox.lines.BadLines, and then nothing was added.
        """
        return self.plant_placed(numbered(lines, name))

    def plant_placed(self, lines: Iterable[tuple[str, object]]) -> int:
        """As `plant`, of lines that come with the place that problems name."""
        return planting.plant(self.store, lines, user_id=self.integration_user)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Lines that describe this org's fields and records, deleted ones too: `plant` takes them."""
        return dump.lines(self.store)

    @property
    def store(self) -> Store:
        """What is kept, with all that is committed by now."""
        self._store.settle()
        return self._store

    @property
    def org_id(self) -> str:
        """The id of the Organization row, 18 characters."""
        return next(iter(self._store.tables["Organization"].rows))

    def caller(self, **headers: Any) -> Caller:
        """The integration user, or the `user_id` that is given, with these other fields of Caller."""
        return Caller(**({"user_id": self.integration_user} | headers))

    # --- reading

    def select(self, soql: str, caller: Caller, *, all_rows: bool = False) -> Selection:
        """Run a query; `all_rows` as queryAll does: deleted and archived rows too."""
        return select(self.store, soql, caller, all_rows=all_rows)

    def get(self, sobject: str, id_: str, caller: Caller, *, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """One record with `attributes`: the named fields, or all of its object. 404 NOT_FOUND for one that is gone."""
        return reading.get(self.store, sobject, id_, caller.version, fields=fields)

    def find(self, sobject: str, field: str, value: str) -> str | None:
        """The id of the one live record whose external id (or Id) `field` is `value`. 300 where there are several."""
        return reading.find(self.store, sobject, field, value)

    def sobject_of(self, id_: str) -> str | None:
        """The object that an id's prefix belongs to; None for prefixes that several objects share."""
        sobject = self._store.schema.of_id(id_)
        return sobject.name if sobject else None

    def modified(self, sobject: str, id_: str) -> datetime | None:
        """LastModifiedDate of a live record, for Last-Modified and If-Modified-Since; None where it has none."""
        return reading.modified(self.store, sobject, id_)

    def describe(self, sobject: str, caller: Caller) -> dict[str, Any]:
        """As sobjects/X/describe answers. NOT_FOUND for an unknown object."""
        return describe(self.store, sobject, caller.version)

    def describe_basic(self, sobject: str, caller: Caller) -> dict[str, Any]:
        """As sobjects/X answers: `objectDescribe` and `recentItems`."""
        return {"objectDescribe": summary(reading.visible(self.store, sobject), caller.version), "recentItems": []}

    def describe_global(self, caller: Caller) -> dict[str, Any]:
        """As sobjects answers: `encoding`, `maxBatchSize`, `sobjects`."""
        seen = (each for each in self.store.schema.objects.values() if not self._store.switches.is_hidden(each.name))
        return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [summary(each, caller.version) for each in seen]}

    def updated(self, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        """As sobjects/X/updated answers: `ids`, `latestDateCovered`."""
        return replication.updated(self.store, sobject, start, end)

    def deleted(self, sobject: str, start: datetime, end: datetime) -> dict[str, Any]:
        """As sobjects/X/deleted answers: `deletedRecords`, `earliestDateAvailable`, `latestDateCovered`."""
        return replication.deleted(self.store, sobject, start, end)

    def counts(self, sobjects: Sequence[str] = ()) -> list[dict[str, Any]]:
        """As limits/recordCount answers in `sObjects`: `count` and `name` of each object with rows, or of those named."""
        return replication.counts(self.store, sobjects)

    # --- writing: each call is all or nothing

    def transaction(self, commits_after: timedelta = timedelta()) -> AbstractContextManager[None]:
        """Undo everything that is written within, if it is left by an exception (allOrNone). May be nested.

        What the outermost one writes is seen `commits_after` later.
        """
        return self.store.transaction(commits_after)

    def create(self, sobject: str, values: Mapping[str, Any], caller: Caller) -> str:
        """Make a record; its 18-character id."""
        with self.store.transaction(caller.commits_after):
            return writing.create(self._store, sobject, values, caller)

    def update(self, sobject: str, id_: str, values: Mapping[str, Any], caller: Caller) -> None:
        """Set `values` of a record; with `caller.unmodified_since` only if it did not change after that (412)."""
        with self.store.transaction(caller.commits_after):
            writing.update(self._store, sobject, id_, values, caller)

    def delete(self, sobject: str, id_: str, caller: Caller) -> None:
        """Put a record, and what belongs to it, into the recycle bin."""
        with self.store.transaction(caller.commits_after):
            bin.delete(self._store, sobject, id_, caller)

    def undelete(self, sobject: str, id_: str, caller: Caller) -> None:
        """Take a record, and what was deleted with it, out of the recycle bin."""
        with self.store.transaction(caller.commits_after):
            bin.undelete(self._store, sobject, id_, caller)

    def merge(self, sobject: str, master: str, losers: Sequence[str], caller: Caller) -> None:
        """Merge one or two records into `master`: they are deleted with MasterRecordId, their children move."""
        with self.store.transaction(caller.commits_after):
            merge.merge(self._store, sobject, master, losers, caller)

    def convert(self, lead: str, caller: Caller, **wish: str | None) -> Converted:
        """Convert a Lead; `wish` has the other fields of Conversion: account, contact, opportunity_name, owner, status."""
        with self.store.transaction(caller.commits_after):
            return convert.convert(self._store, Conversion(lead=lead, **wish), caller)

    # --- what an admin, or time, does to the org

    def archive_activities(self) -> int:
        """Archive what is old enough, as the nightly job does; the number of records."""
        return admin.archive(self.store)

    def empty_bin(self) -> int:
        """Purge all deleted records; the number of records. Only `deleted` remembers them."""
        return bin.empty(self.store)

    def add_validation(self, sobject: str, condition: str, message: str, *, field: str | None = None) -> None:
        """Refuse writes of records for which the SOQL `condition` holds: FIELD_CUSTOM_VALIDATION_EXCEPTION."""
        admin.add_validation(self.store, self.caller(), sobject, condition, message=message, field=field)

    def clear_validations(self) -> None:
        """Drop all validation rules."""
        self._store.switches.validations.clear()

    def add_duplicate_rule(self, sobject: str, field: str, *, blocks: bool = False) -> None:
        """Refuse records whose `field` another one has: DUPLICATES_DETECTED. Callers may pass over it unless it `blocks`."""
        admin.add_duplicate_rule(self.store, sobject, field, blocks=blocks)

    def clear_duplicate_rules(self) -> None:
        """Drop all duplicate rules."""
        self._store.switches.duplicates.clear()

    def set_assignment(self, entries: Sequence[tuple[str, str]], *, rule_id: str | None = None, active: bool = True) -> str:
        """Set the Lead assignment rule `rule_id` (a new one without): the first SOQL criteria that hold name the owner.

        The rule's id. An empty criteria text always holds. Without entries the rule goes. One rule is active at most.
        """
        return admin.set_assignment(self.store, self.caller(), entries, rule_id=rule_id, active=active)

    def lock(self, id_: str, until: datetime) -> None:
        """Hold a record: writes to it are refused with UNABLE_TO_LOCK_ROW before `until`."""
        admin.lock(self.store, id_, until)

    def track(self, sobject: str, field: str | None = None, *, on: bool = True) -> None:
        """Switch the history of a field (of the whole object) on or off from now on."""
        admin.track(self.store, sobject, field, on=on)

    def hide(self, sobject: str, field: str | None = None) -> None:
        """Hide a field (the whole object) from all callers, as field-level security (a missing permission) does."""
        self._store.switches.hidden.add(admin.named(self.store, sobject, field))

    def show(self, sobject: str, field: str | None = None) -> None:
        """Undo `hide`."""
        self._store.switches.hidden.discard(admin.named(self.store, sobject, field))

    def switches(self) -> dict[str, Any]:
        """Rules, locks, hidden and tracked fields and `api_disabled`, as JSON."""
        return {**self._store.switches.shown(), "api_disabled": self.api_disabled}
