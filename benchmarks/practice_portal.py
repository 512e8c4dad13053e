"""A practice HubSpot filled with plain contacts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from practice_process import NOW, Practice, running, write_config

from sandbox.fill import Bulk, fill
from sync.cli.practice_files import PracticeFiles

UNLIMITED = {"enforced": False, "burst": 1_000_000}  # told in every answer, so that nobody waits


@contextmanager
def practice(folder: Path, *, contacts: int, engagements: int = 0, options: tuple[str, ...] = ()) -> Iterator[Practice]:
    """Fill a portal in `folder` and serve it; without `options` that limit it nobody is ever slowed."""
    folder.mkdir(parents=True)
    state = folder / "portal.state"
    fill(state, Bulk(contacts=contacts, engagements=engagements, seed=1, now=NOW))
    with running(["-m", "sandbox", "--state", str(state), "--port", "0", *options]) as portal:
        if not options:
            portal.ask("POST", "/_sandbox/limits", UNLIMITED)
        yield portal


def change(portal: Practice, contacts: int) -> None:
    """Change some contacts, spread over all that it holds, and let a minute pass."""
    held = portal.records("contacts")
    ids = [1 + place * held // contacts for place in range(contacts)]
    for start in range(0, contacts, 100):
        inputs = [{"id": str(id_), "properties": {"jobtitle": "Director"}} for id_ in ids[start : start + 100]]
        portal.ask("POST", "/crm/v3/objects/contacts/batch/update", {"inputs": inputs})
    portal.let_pass(60)


def config_for(portal: Practice, folder: Path) -> Path:
    """Write the files of an account in `folder` that point at the portal; return its config."""
    return write_config(folder, PracticeFiles(url=portal.url, crms=("hubspot",), roster="", agreement="agreement.example"))
