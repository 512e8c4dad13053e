"""What it costs to tell which records of both CRMs are one person, against keeping those records.

In one run, each with its limit:

    linking / saving       linking pairs of a HubSpot contact and a Salesforce Lead, to saving the pages that hold them
    idle / linking         linking once more, where nothing changed, to linking all for the first time
    100 changed / linking  linking after 100 Leads have another address, to the same
    tenfold                linking ten times the pairs for the first time
    MB over idle           peak of linking all for the first time, less a process that has only opened the store

Every second contact names its Lead, the others share its e-mail address. The records come without history, which linking does not
read. Seconds are those of the processor. `--pairs 100000` is the promise; the default is for every day.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from measured import Ratios, exit_if_beyond, peak_mb

from connectors.hubspot.mapping import VOCABULARY as HUBSPOT
from connectors.records import Page, Record, RecordKey
from connectors.salesforce.mapping import VOCABULARY as SALESFORCE
from connectors.salesforce.reading import PAGE as LEADS_A_PAGE
from sandbox.salesforce.ids import Mint
from sync.store.database import Database, open_store
from sync.store.link import Links
from sync.store.mirror import Mirror

LIMITS = {"linking / saving": 2.0, "idle / linking": 0.01, "100 changed / linking": 0.05, "tenfold": 12.0, "MB over idle": 80.0}
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CONTACTS_A_PAGE = 100
CHANGED = 100
VOCABULARIES = {"hubspot": HUBSPOT, "salesforce": SALESFORCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of the processor."""

    saving: float
    linking: float
    idle: float
    changed: float


def link(path: Path, pairs: int) -> Took:
    """Link the pairs of a store that are saved; link once more, and after some changed."""
    saved_s = save(path, pages(pairs))
    with open_store(path) as store:
        links = Links(store, VOCABULARIES)
        linked_s, idle_s = renew(links), renew(links)
        assert why_linked(store) == {"reference": pairs // 2, "e-mail": pairs // 2}
    save(path, moved(pairs))
    with open_store(path) as store:
        took = Took(saving=saved_s, linking=linked_s, idle=idle_s, changed=renew(Links(store, VOCABULARIES)))
        assert why_linked(store) == {"reference": pairs // 2, "e-mail": pairs // 2 - CHANGED}
    print(f"{pairs:>9,} pairs: saved in {took.saving:.2f} s, linked in {took.linking:.2f} s", end=", ")
    print(f"again in {1000 * took.idle:.2f} ms, with {CHANGED} changed in {1000 * took.changed:.1f} ms")
    return took


def why_linked(store: Database) -> dict[str, int]:
    with store.snapshot() as tx:
        return dict(tx.execute("SELECT why, count(*) FROM member WHERE unlinked_at IS NULL GROUP BY why").fetchall())


def save(path: Path, told: Iterable[tuple[str, Page]]) -> float:
    """Save pages as a pull does; return the seconds, those of making them left out."""
    took_s = 0.0
    with open_store(path) as store:
        mirror = Mirror(store, VOCABULARIES)
        for crm, page in told:
            began = process_time()
            mirror.save_page(crm, page, seen_at=NOW)
            took_s += process_time() - began
    return took_s


def renew(links: Links) -> float:
    began = process_time()
    links.renew(now=NOW)
    return process_time() - began


def pages(pairs: int) -> Iterator[tuple[str, Page]]:
    leads = lead_ids(pairs)
    for start in range(0, pairs, CONTACTS_A_PAGE):
        yield "hubspot", _page("contacts", [_contact(n, leads[n]) for n in range(start, min(start + CONTACTS_A_PAGE, pairs))])
    for start in range(0, pairs, LEADS_A_PAGE):
        yield "salesforce", _page("Lead", [_lead(n, leads[n]) for n in range(start, min(start + LEADS_A_PAGE, pairs))])


def lead_ids(pairs: int) -> list[str]:
    ids = Mint()
    return [ids.new("00Q") for _ in range(pairs)]


def moved(pairs: int) -> Iterator[tuple[str, Page]]:
    """Yield the Leads who share the address of their contact until now, the first of them, with another."""
    leads = lead_ids(pairs)
    told = [_lead(n, leads[n], address=f"moved{n}@private.example", at=NOW + MINUTE) for n in range(0, 2 * CHANGED, 2)]
    yield "salesforce", _page("Lead", told)


def _page(stream: str, records: list[Record]) -> Page:
    return Page(stream=stream, kind=records[0].key.kind, began_at=NOW, records=tuple(records), cursor="", last=False)


def _contact(number: int, lead: str) -> Record:
    named = lead if number % 2 else None
    told = {"jobtitle": "Manager", "country": "US", "company": "Company", "phone": "1", "hubspot_owner_id": str(number % 40)}
    values = {"email": _address(number, named), "salesforceleadid": named, "lifecyclestage": "lead", **told}
    return Record(key=RecordKey("hubspot", "contact", str(number + 1)), values=values, created_at=NOW, changed_at=NOW)


def _lead(number: int, id_: str, *, address: str | None = None, at: datetime = NOW) -> Record:
    told = {"Title": "Manager", "Country": "US", "Company": "Company", "Phone": "1", "OwnerId": str(number % 40), "Status": "Open"}
    values = {"Email": address or _address(number, None), "IsConverted": "false", "ConvertedContactId": None, **told}
    return Record(key=RecordKey("salesforce", "Lead", id_), values=values, created_at=NOW, changed_at=at)


def _address(number: int, named: str | None) -> str:
    """Give the address of a person; a contact that names its Lead has another one than the Lead."""
    return f"person{number}@{'private' if named else f'company{number // 20}'}.example"


def over_idle_mb(folder: Path, pairs: int) -> float:
    """Return the memory that linking all takes at most, beside that of a process which has opened the store."""
    path = folder / "peak.db"
    save(path, pages(pairs))
    idle, linking = (peak_mb([sys.executable, "-c", one, str(path)]) for one in (_OPEN, _OPEN + _LINK))
    print(f"{pairs:>9,} pairs: linked in {linking:.0f} MB, of which {idle:.0f} are those of a process that has opened the store")
    return linking - idle


_OPEN = "import linking, pathlib, sys; store = linking.open_store(pathlib.Path(sys.argv[1])); "
_LINK = "linking.Links(store, linking.VOCABULARIES).renew(now=linking.NOW)"


def measure(folder: Path, pairs: int) -> Ratios:
    tenth, whole = link(folder / "tenth.db", pairs // 10), link(folder / "whole.db", pairs)
    return {
        "linking / saving": whole.linking / whole.saving,
        "idle / linking": whole.idle / whole.linking,
        "100 changed / linking": whole.changed / whole.linking,
        "tenfold": whole.linking / tenth.linking,
        "MB over idle": over_idle_mb(folder, pairs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000, help="a multiple of 2000; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits by so much; default %(default)s")
    asked = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # what measures the memory imports this module
    with TemporaryDirectory() as folder:
        ratios = measure(Path(folder), asked.pairs)
    exit_if_beyond({name: limit * asked.slack for name, limit in LIMITS.items()}, ratios, complaint="linking costs too much")


if __name__ == "__main__":
    main()
