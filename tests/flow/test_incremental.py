"""A store that was kept up to date finds what an empty one finds that is pulled at that moment."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.flow.practice import audit_json, practice_hubspot

STAGES = ("marketingqualifiedlead", "salesqualifiedlead", "opportunity", "")
STATUSES = ("IN_PROGRESS", "UNQUALIFIED", "RECYCLED", "NEW", "")
TYPE_IDS = {"calls": 194, "emails": 198, "meetings": 200, "deals": 3}  # from the object to a contact


class People:
    """People and programs who work in the portal, at random but the same for one seed."""

    def __init__(self, files: Path, seed: int) -> None:
        line = next(line for line in (files / "config.toml").read_text().splitlines() if line.startswith("base_url"))
        self._base = line.split('"')[1]
        self._rng = random.Random(seed)
        found = self._ask("POST", "/crm/v3/objects/contacts/search", {"limit": 200, "filterGroups": []})
        self._contacts = [contact["id"] for contact in found["results"]]
        self._owners = [owner["id"] for owner in self._ask("GET", "/crm/v3/owners?limit=100")["results"]]
        self._calls: list[str] = []

    def work(self) -> None:
        """Do some things, then let some time pass."""
        for _ in range(self._rng.randint(0, 12)):
            self._rng.choice(self._deeds())(self._rng.choice(self._contacts))
        self._ask("POST", "/_sandbox/clock", {"advance_s": self._rng.choice((60, 300, 900, 3600, 7200, 20000))})

    def _deeds(self) -> list[Callable[[str], None]]:
        pick = self._rng.choice
        return [
            lambda contact: self._change("contacts", contact, hubspot_owner_id=pick([*self._owners, ""])),
            lambda contact: self._change("contacts", contact, lifecyclestage=pick(STAGES)),
            lambda contact: self._change("contacts", contact, hs_lead_status=pick(STATUSES)),
            lambda contact: self._change("contacts", contact, do_not_call="true"),
            self._call,
            lambda contact: self._log("emails", contact, hs_email_direction="EMAIL", hs_email_status="SENT"),
            lambda contact: self._log("meetings", contact, hs_meeting_outcome="SCHEDULED"),
            lambda contact: self._create("deals", contact, dealname="d", pipeline="default", dealstage="closedwon"),
            lambda _: self._change("calls", pick(self._calls), hs_call_status="FAILED") if self._calls else None,
        ]

    def _call(self, contact: str) -> None:
        status = self._rng.choice(("NO_ANSWER", "COMPLETED", "FAILED"))
        self._calls.append(self._log("calls", contact, hs_call_direction="OUTBOUND", hs_call_status=status))

    def _log(self, kind: str, contact: str, **properties: str) -> str:
        now = self._ask("GET", "/_sandbox/clock")["now"]
        return self._create(kind, contact, hs_timestamp=now, hubspot_owner_id=self._rng.choice(self._owners), **properties)

    def _create(self, kind: str, contact: str, **properties: str) -> str:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TYPE_IDS[kind]}]
        body = {"properties": properties, "associations": [{"to": {"id": contact}, "types": types}]}
        return str(self._ask("POST", f"/crm/v3/objects/{kind}", body)["id"])

    def _change(self, kind: str, id_: str, **properties: str) -> None:
        self._ask("PATCH", f"/crm/v3/objects/{kind}/{id_}", {"properties": properties})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self._base + path, data=data, headers=headers, method=method)) as answer:
            return json.load(answer)


def unsure(findings: list[dict[str, Any]]) -> set[str]:
    """Return the leads with changes that were only observed: of these a store knows more the longer it watches."""
    return {f["lead"] for f in findings if f["status"] == "unknown" or f["started_at"] is None or f["due_at"] is None}


@pytest.mark.parametrize(
    ("seed", "steps"), [pytest.param(3, 5, id="a handful"), pytest.param(4, 60, id="many", marks=pytest.mark.campaign)]
)
def test_a_kept_store_finds_what_a_fresh_one_finds(seed: int, steps: int, tmp_path: Path) -> None:
    with practice_hubspot(tmp_path, "--leads", "90", "--seed", str(seed), "--now", "2026-11-18T14:00Z") as files:
        people = People(files, seed)
        audit_json(files)
        for _ in range(steps):
            people.work()
            kept = audit_json(files)["findings"]
            empty = tmp_path / "empty"
            shutil.rmtree(empty, ignore_errors=True)
            shutil.copytree(files, empty, ignore=shutil.ignore_patterns("*.db*"))
            fresh = audit_json(empty)["findings"]
            left_out = unsure(kept) | unsure(fresh)
            assert [f for f in kept if f["lead"] not in left_out] == [f for f in fresh if f["lead"] not in left_out]
