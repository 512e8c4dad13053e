"""HubSpot as a Connector: one account, read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors.errors import Forbidden, Misconfigured
from connectors.hubspot.client import Client
from connectors.hubspot.evidence import evidence_pages
from connectors.hubspot.mapping import CRM, VOCABULARY, record_pages
from connectors.hubspot.pull import object_pages
from connectors.hubspot.reading import results_of
from connectors.hubspot.reference import definition_pages, owner_pages
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.streams import object_streams
from connectors.hubspot.values import text_of
from connectors.pacing import Waiting
from connectors.records import Account, Page, RecordKey, Usage, Wanted


class HubSpot:
    """One HubSpot account; for one thread at a time, closed by its caller.

    `wanted` names the fields of contacts, companies and deals that the agreement needs beyond those every lead needs.
    """

    def __init__(self, settings: HubSpotSettings, wanted: Wanted, waiting: Waiting) -> None:
        self._client = Client(settings, waiting)
        self._base_url = settings.base_url
        self._objects = object_streams(wanted)

    @property
    def crm(self) -> str:
        """`hubspot`."""
        return CRM

    @property
    def server_now(self) -> datetime | None:
        """The server's time (whole seconds, UTC) at its last answer; None before the first."""
        return self._client.server_now

    def account(self) -> Account:
        """Read which portal this is, the server's time, and whether it works with Leads; begins a run.

        The deadline for retries counts from here.
        """
        self._client.start_run()
        details = self._client.get(self._client.paths.account())
        uses_leads = self._uses_leads()
        portal, server_now = text_of(details.get("portalId")), self._client.server_now
        if portal is None or server_now is None:
            raise Misconfigured("the answer about the account is not HubSpot's", fix="check hubspot.base_url")
        return Account(
            crm=CRM,
            id=portal,
            time_zone=text_of(details.get("timeZone")),
            kind=text_of(details.get("accountType")) or "",
            uses_leads_object=uses_leads,
            server_now=server_now,
            record_pages=record_pages(portal, text_of(details.get("uiDomain")), api=self._base_url),
        )

    def _uses_leads(self) -> bool:
        """Whether the portal keeps Leads: one row of the list tells; without the feature or scope it is closed to us."""
        try:
            answer = self._client.get(self._client.paths.objects("leads"), {"limit": "1"})
        except (Forbidden, Misconfigured):
            return False
        return bool(results_of(answer, "leads"))

    def streams(self) -> tuple[str, ...]:
        """Name the streams: definitions, owners, then each kind of object."""
        return ("definitions", "owners", *self._objects)

    def pages(self, stream: str, cursor: str | None) -> Iterator[Page]:
        """Yield what changed in `stream` since `cursor`; definitions and owners come whole each time.

        Deletions of contacts and deals come with each pull, those of other objects with a full one (`cursor` None), since
        HubSpot tells deletions only by listing its recycle bin. Raises Forbidden where the token lacks the stream's scope.
        """
        match stream:
            case "definitions":
                return definition_pages(self._client)
            case "owners":
                return owner_pages(self._client)
            case _:
                return object_pages(self._client, self._objects[stream], cursor)

    def evidence(self, persons: Sequence[RecordKey]) -> Iterator[Page]:
        """Yield the activities associated with some contacts now, in four calls a thousand and one a hundred activities."""
        streams = [self._objects[name] for name in VOCABULARY.touch_streams]
        return evidence_pages(self._client, streams, [person.id for person in persons]) if persons else iter(())

    def usage(self) -> Usage:
        """Tell how many calls were made, failed ones included, and what the day has left."""
        return self._client.usage()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
