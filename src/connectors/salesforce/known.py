"""The few words of an org that its histories use: names of owners, stages that are closed. Read when first needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from connectors.salesforce.client import Client
from connectors.salesforce.reading import all_items, path_of, together, whole
from connectors.salesforce.soql import Query, select
from connectors.salesforce.values import id_in, is_true, text_of

STAGES = Query(soql=select(("ApiName", "IsClosed"), "OpportunityStage"))
_USERS = Query(soql=select(("Id", "Name"), "User"))
_QUEUES = Query(soql=select(("Id", "Name"), "Group", "Type = 'Queue'"))


class Words:
    """What an org calls its owners and stages; for several threads. A new definition of stages replaces the old one."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = Lock()
        self._owners: Mapping[str, str] | None = None
        self._stages: Mapping[str, bool] | None = None

    def owner_named(self, name: str) -> str | None:
        """Give the id of the one user or queue of that name; None where there is none, or more than one."""
        with self._lock:
            if self._owners is None:
                self._owners = self._read_owners()
            return self._owners.get(name)

    def is_closed(self, stage: str) -> bool | None:
        """Tell whether an Opportunity in that stage is closed; None where the stage is not known (any more)."""
        with self._lock:
            if self._stages is None:
                self._stages = {str(row.get("ApiName")): is_true(row.get("IsClosed")) for row in all_items(self._client, STAGES)}
            return self._stages.get(stage)

    def learn_stages(self, closed: Mapping[str, bool]) -> None:
        """Take over which stages are closed, as the definitions were just read."""
        with self._lock:
            self._stages = dict(closed)

    def _read_owners(self) -> Mapping[str, str]:
        parts = together(self._client, [path_of(self._client, query) for query in (_USERS, _QUEUES)])
        rows = [row for part in parts for row in whole(self._client, part.rows())]
        named = [(name, id_) for row in rows if (name := text_of(row.get("Name"))) and (id_ := id_in(row))]
        times = Counter(name for name, _ in named)
        return {name: id_ for name, id_ in named if times[name] == 1}
