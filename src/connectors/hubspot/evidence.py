"""The activities of some contacts, by association: what polling by modified time can miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.errors import Misconfigured
from connectors.hubspot.activities import activity_from_object
from connectors.hubspot.client import Client
from connectors.hubspot.mapping import VOCABULARY
from connectors.hubspot.reading import read_associations, read_by_ids
from connectors.hubspot.streams import ObjectStream
from connectors.records import Page


def evidence_pages(client: Client, streams: Sequence[ObjectStream], contact_ids: Sequence[str]) -> Iterator[Page]:
    """Yield one page a stream of activities, with the links that show whose they are."""
    for stream in streams:
        links = read_associations(client, VOCABULARY.person, stream.kind, contact_ids)
        found = read_by_ids(client, stream, sorted({link.right.id for link in links}))
        activities = tuple(activity_from_object(stream.kind, item) for item in found.items)
        live = {activity.key for activity in activities}
        if client.server_now is None:
            raise Misconfigured("HubSpot's answers carry no time", fix="check hubspot.base_url, and that no proxy drops the Date header")
        yield Page(
            stream=stream.name,
            began_at=client.server_now,
            activities=activities,
            links=tuple(link for link in links if link.right in live),
            cursor=None,
            last=False,
        )
