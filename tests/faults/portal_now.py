"""What a practice portal holds, read back through its lists, in the form in which a mirror is compared with it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.hubspot.streams import PLURALS, ObjectStream, object_streams
from sync.files import read_files
from sync.vendors import wanted
from tests.flow.people import People

Change = tuple[str, str | None, int]  # field, value, moment


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Live records and activities by `kind/id`, and what is associated with what."""

    changed: dict[str, int]
    values: dict[str, dict[str, str | None]]  # of records; blank is None
    history: dict[str, set[Change]]
    links: set[frozenset[str]]  # between live ones


def portal_holding(people: People, files: Path) -> Holding:
    """Read the portal's lists and associations, with the fields that the agreement in `files` wants."""
    held = Holding(changed={}, values={}, history={}, links=set())
    read = read_files(files / "config.toml")
    streams = object_streams(wanted(read.config, read.agreement, "hubspot")).values()
    for stream in streams:
        for item in _listed(people, stream):
            name = f"{stream.kind}/{item['id']}"
            held.changed[name] = _ms(item["updatedAt"])
            if not stream.is_activity:
                held.values[name] = {field: item["properties"].get(field) or None for field in stream.fields}
                held.history[name] = set(_changes(item.get("propertiesWithHistory") or {}))
    for stream in streams:
        ids = [name.partition("/")[2] for name in held.changed if name.startswith(f"{stream.kind}/")]
        held.links.update(pair for pair in _links(people, stream, ids) if pair <= held.changed.keys())
    return held


def mirror_holding(store: Path) -> Holding:
    """Read the same from a store."""
    with closing(sqlite3.connect(store)) as tables:
        live = {
            id_: (f"{kind}/{crm_id}", changed_at, values)
            for id_, kind, crm_id, changed_at, values in tables.execute(
                """
                SELECT object.id, object.kind, crm_id, changed_at, field_values FROM record JOIN object ON object.id = record.id
                WHERE gone_at IS NULL
                UNION ALL SELECT object.id, object.kind, crm_id, changed_at, NULL FROM activity JOIN object ON object.id = activity.id
                WHERE gone_at IS NULL
                """
            )
        }
        history: dict[str, set[Change]] = {name: set() for name, _, values in live.values() if values is not None}
        for record, *change in tables.execute("SELECT record, field, value, at FROM field_change"):
            if record in live:
                history[live[record][0]].add(tuple(change))  # type: ignore[arg-type]
        links = {
            frozenset((live[low][0], live[high][0]))
            for low, high in tables.execute("SELECT low, high FROM association WHERE unlinked_at IS NULL")
            if low in live and high in live
        }
    return Holding(
        changed={name: changed_at for name, changed_at, _ in live.values()},
        values={name: _blanks(json.loads(values)) for name, _, values in live.values() if values is not None},
        history=history,
        links=links,
    )


def differences(portal: Holding, mirror: Holding) -> list[str]:
    """Tell in words where a mirror is not as the portal; a mirror may know more of the past."""
    common = portal.changed.keys() & mirror.changed.keys()
    return sorted(
        [
            *(f"not in the mirror: {name}" for name in portal.changed.keys() - common),
            *(f"not in the portal: {name}" for name in mirror.changed.keys() - common),
            *(f"changed later: {name}" for name in common if portal.changed[name] != mirror.changed[name]),
            *(f"other values: {name}" for name in common if portal.values.get(name) != mirror.values.get(name)),
            *(
                f"history not in the mirror: {name} {change}"
                for name in common
                for change in portal.history.get(name, set()) - mirror.history.get(name, set())
            ),
            *(f"link not in the mirror: {sorted(pair)}" for pair in portal.links - mirror.links),
            *(f"link not in the portal: {sorted(pair)}" for pair in mirror.links - portal.links),
        ]
    )


def _listed(people: People, stream: ObjectStream) -> Iterator[Mapping[str, Any]]:
    after: str | None = ""
    while after is not None:
        asked = f"limit=50&properties={','.join(stream.fields)}&propertiesWithHistory={','.join(stream.history)}"
        page = people.ask("GET", f"/crm/v3/objects/{stream.name}?{asked}" + (f"&after={after}" if after else ""))
        yield from page["results"]
        after = page["paging"]["next"]["after"] if "paging" in page else None


def _links(people: People, stream: ObjectStream, ids: list[str]) -> Iterator[frozenset[str]]:
    if stream.linked_kind is None:
        return
    path = f"/crm/v4/associations/{stream.name}/{PLURALS[stream.linked_kind]}/batch/read"
    for start in range(0, len(ids), 500):
        answer = people.ask("POST", path, {"inputs": [{"id": id_} for id_ in ids[start : start + 500]]})
        for result in answer["results"]:
            assert "paging" not in result
            for end in result["to"]:
                yield frozenset((f"{stream.kind}/{result['from']['id']}", f"{stream.linked_kind}/{end['toObjectId']}"))


def _changes(told: Mapping[str, Any]) -> Iterator[Change]:
    for field, versions in told.items():
        for version in versions:
            yield field, version["value"] or None, _ms(version["timestamp"])


def _blanks(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {field: value or None for field, value in values.items()}


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
