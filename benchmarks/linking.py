"""What it costs to tell which records of both CRMs are one person, against keeping those records.

Three ratios in one run, each with its limit:

    linking / saving   linking pairs of a HubSpot contact and a Salesforce Lead, to saving the pages that hold them
    again / linking    linking them once more, where nothing changed, to linking them for the first time
    tenfold            linking ten times the pairs

Every second contact names its Lead, the others share its e-mail address. The records come without history, which linking does not
read. Seconds are those of the processor. `--pairs 100000` is the promise; the default is for every day.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from measured import Ratios, exit_if_beyond

from connectors.hubspot.mapping import VOCABULARY as HUBSPOT
from connectors.records import Page, Record, RecordKey
from connectors.salesforce.mapping import VOCABULARY as SALESFORCE
from connectors.salesforce.reading import PAGE as LEADS_A_PAGE
from sandbox.salesforce.ids import Mint
from sync.store.database import Database, open_store
from sync.store.link import Links
from sync.store.mirror import Mirror

LIMITS = {"linking / saving": 2.0, "again / linking": 1.0, "tenfold": 12.0}
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
CONTACTS_A_PAGE = 100
VOCABULARIES = {"hubspot": HUBSPOT, "salesforce": SALESFORCE}


def link(path: Path, pairs: int) -> tuple[float, float, float]:
    """Save so many pairs and link them twice; return the seconds of saving, linking and linking again."""
    with open_store(path) as store:
        links = Links(store, VOCABULARIES)
        took = save(store, pairs), renew(links), renew(links)
        with store.snapshot() as tx:
            found = dict(tx.execute("SELECT why, count(*) FROM member WHERE unlinked_at IS NULL GROUP BY why").fetchall())
    assert found == {"reference": pairs // 2, "e-mail": pairs // 2}, f"{found} of {pairs} pairs were linked"
    print(f"{pairs:>9,} pairs: saved in {took[0]:.2f} s, linked in {took[1]:.2f} s, again in {took[2]:.2f} s")
    return took


def save(store: Database, pairs: int) -> float:
    """Save the pages as a pull does; return the seconds, those of making them left out."""
    mirror, took_s = Mirror(store, VOCABULARIES), 0.0
    for crm, page in pages(pairs):
        began = process_time()
        mirror.save_page(crm, page, seen_at=NOW)
        took_s += process_time() - began
    return took_s


def renew(links: Links) -> float:
    began = process_time()
    links.renew(now=NOW)
    return process_time() - began


def pages(pairs: int) -> Iterator[tuple[str, Page]]:
    ids = Mint()
    leads = [ids.new("00Q") for _ in range(pairs)]
    for start in range(0, pairs, CONTACTS_A_PAGE):
        yield "hubspot", _page("contacts", [_contact(n, leads[n]) for n in range(start, min(start + CONTACTS_A_PAGE, pairs))])
    for start in range(0, pairs, LEADS_A_PAGE):
        yield "salesforce", _page("Lead", [_lead(n, leads[n]) for n in range(start, min(start + LEADS_A_PAGE, pairs))])


def _page(stream: str, records: list[Record]) -> Page:
    return Page(stream=stream, kind=records[0].key.kind, began_at=NOW, records=tuple(records), cursor="", last=False)


def _contact(number: int, lead: str) -> Record:
    named = lead if number % 2 else None
    told = {"jobtitle": "Manager", "country": "US", "company": "Company", "phone": "1", "hubspot_owner_id": str(number % 40)}
    values = {"email": _address(number, named), "salesforceleadid": named, "lifecyclestage": "lead", **told}
    return Record(key=RecordKey("hubspot", "contact", str(number + 1)), values=values, created_at=NOW, changed_at=NOW)


def _lead(number: int, id_: str) -> Record:
    told = {"Title": "Manager", "Country": "US", "Company": "Company", "Phone": "1", "OwnerId": str(number % 40), "Status": "Open"}
    values = {"Email": _address(number, None), "IsConverted": "false", "ConvertedContactId": None, **told}
    return Record(key=RecordKey("salesforce", "Lead", id_), values=values, created_at=NOW, changed_at=NOW)


def _address(number: int, named: str | None) -> str:
    """Give the address of a person; a contact that names its Lead has another one than the Lead."""
    return f"person{number}@{'private' if named else f'company{number // 20}'}.example"


def measure(folder: Path, pairs: int) -> Ratios:
    _, tenth_s, _ = link(folder / "tenth.db", pairs // 10)
    saved_s, linked_s, again_s = link(folder / "whole.db", pairs)
    return {"linking / saving": linked_s / saved_s, "again / linking": again_s / linked_s, "tenfold": linked_s / tenth_s}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000, help="an even number of hundreds; default %(default)s")
    parser.add_argument("--slack", type=float, default=1.0, help="multiply the limits by so much; default %(default)s")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        ratios = measure(Path(folder), asked.pairs)
    exit_if_beyond({name: limit * asked.slack for name, limit in LIMITS.items()}, ratios, complaint="linking costs too much")


if __name__ == "__main__":
    main()
