"""A practice portal and a store that is kept beside it, pulled and swept as a run does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import urllib3

from connectors.budget import DayShares
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.mapping import VOCABULARY
from connectors.hubspot.settings import HubSpotSettings
from connectors.pacing import Waiting
from connectors.records import Wanted
from sandbox.limits import Limits
from sandbox.portal import Portal
from sandbox.server import Served, serve
from sync.pull import Pulled, known_facts, pull_account, read_facts
from sync.shrunken import refuse_if_owners_shrunken, refuse_if_shrunken
from sync.store.database import Database, open_store
from sync.store.mirror import Mirror
from sync.sweep import sweep
from tests.contract.practice import NOW

HOUR = timedelta(hours=1)
PEOPLE = range(1, 13)


def lines() -> Iterator[dict[str, Any]]:
    for number in PEOPLE:
        yield {"object": "owners", "id": str(70 + number), "email": f"o{number}@example.com", "userId": number, "type": "PERSON"}
        yield {
            "object": "contacts",
            "id": str(number),
            "properties": {
                "email": f"p{number}@example.com",
                "createdate": "2026-11-01T10:00:00Z",
                "lastmodifieddate": "2026-11-02T10:00:00Z",
            },
        }
        for kind in ("calls", "meetings"):
            yield {
                "object": kind,
                "id": str(number),
                "properties": {"hs_timestamp": "2026-11-03T10:00:00Z", "hs_createdate": "2026-11-03T10:00:00Z"},
                "associations": {"contacts": [str(number)]},
            }


@dataclass
class Kept:
    """A portal and a store that is kept beside it."""

    portal: Portal
    served: Served
    store: Database
    max_share: float = 0.2
    http: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __post_init__(self) -> None:
        self.mirror = Mirror(self.store, {"hubspot": VOCABULARY})

    def connector(self) -> HubSpot:
        settings = HubSpotSettings(
            token=self.served.token, base_url=self.served.url, burst_share=1, day=DayShares(max_share=self.max_share, floor=0)
        )
        return HubSpot(settings, Wanted(fields={}, history={}), Waiting(monotonic=count(0, 1).__next__, sleep=lambda _: None))

    def pull(self, *, share: float = 0.5, accepted: tuple[str, ...] = ()) -> Pulled:
        """Read what changed and sweep, as a run does."""
        with closing(self.connector()) as connector:
            account = connector.account()
            facts = known_facts(connector, VOCABULARY, account, self.mirror) or read_facts(connector, VOCABULARY, account)
            refuse_if_owners_shrunken(self.mirror, facts, share=share, accepted=accepted)
            pulled = pull_account(connector, self.mirror, facts, tell=lambda _: None)
            refuse_if_shrunken(self.mirror, pulled, share=share, accepted=accepted)
            sweep(connector, self.mirror, pulled, tell=lambda _: None, accepted=accepted)
            self.mirror.scrub_if_due()
            return pulled

    def later(self, by: timedelta = HOUR) -> datetime:
        self.portal.clock.advance(by)
        return self.portal.clock.now()

    def call(self, method: str, path: str, body: object = None) -> None:
        answer = self.http.request(method, self.served.url + path, json=body, headers={"Authorization": f"Bearer {self.served.token}"})
        assert answer.status < 300, answer.data

    def heard_since(self, number: int) -> list[str]:
        """The calls after the first `number`, each as `GET contacts`, its paths without versions and queries."""
        told = self.http.request("GET", f"{self.served.url}/_sandbox/requests?after={number}").json()["requests"]
        return [f"{one['method']} {one['path'].removeprefix('/crm/objects/2026-09/')}" for one in told]

    def heard(self) -> int:
        return int(self.http.request("GET", f"{self.served.url}/_sandbox/stats").json()["calls"])

    def gone(self, kind: str) -> dict[str, datetime | None]:
        """Ids of the rows of a kind that went, with the hour at which they did."""
        with self.store.snapshot() as tx:
            rows = tx.execute(
                """
                SELECT object.crm_id, strftime('%Y-%m-%dT%H:%M', coalesce(record.gone_at, activity.gone_at) / 1000.0, 'unixepoch')
                FROM object LEFT JOIN record USING (id) LEFT JOIN activity USING (id)
                WHERE object.kind = ? AND coalesce(record.gone_at, activity.gone_at) IS NOT NULL
                """,
                (kind,),
            )
            return dict(rows.fetchall())


@contextmanager
def kept_beside(folder: Path) -> Iterator[Kept]:
    """Serve the portal and pull it once; an hour later it is the caller's."""
    portal = Portal.from_lines(list(lines()), now=NOW)
    with serve(portal, port=0, limits=Limits(daily=10_000)) as served, open_store(folder / "store.db") as store:
        kept = Kept(portal=portal, served=served, store=store)
        kept.pull()
        kept.later()
        yield kept
