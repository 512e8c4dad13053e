"""Property definitions: HubSpot's own that leadpact may read, and the portal's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from sandbox.kinds import ACTIVITIES, KINDS
from sandbox.options import OPTION_SETS, Option

_GROUPS = {"all": tuple(KINDS), "activities": ACTIVITIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What one property of one kind is, may hold and allows.

    `follows` names what the options are taken from where they do not stand in the definition:
    `owner`, `stage` or `pipeline`. `open_set`: values outside `options` are taken too.
    """

    name: str
    label: str
    type: str  # string number date datetime enumeration bool ...
    field_type: str
    group: str
    description: str = ""
    options: tuple[Option, ...] = ()
    read_only: bool = False
    calculated: bool = False
    hidden: bool = False
    unique: bool = False
    hubspot_defined: bool = True
    follows: str | None = None
    open_set: bool = False
    created_at: str | None = None  # None: with the portal

    @property
    def is_moment(self) -> bool:
        """Whether its values are moments or dates."""
        return self.type in ("datetime", "date")

    @property
    def is_multiple(self) -> bool:
        """Whether a value may hold several options, with semicolons between them."""
        return self.field_type == "checkbox"


def built_in() -> dict[str, dict[str, Definition]]:
    """Definitions of a new portal: kind -> property name -> definition.

    Source: HubSpot's guides of contacts, companies, deals and the engagements; labels are our own.
    """
    found: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}
    table = (files("sandbox") / "definitions.csv").read_text("utf-8")
    for row in csv.DictReader(table.splitlines()):
        for kind in _kinds(row["objects"]):
            found[kind][row["name"]] = _definition(row, kind)
    return found


def own_string(name: str) -> Definition:
    """The definition of a property of the portal's own that nobody defined."""
    return Definition(name=name, label=name, type="string", field_type="text", group="portal", hubspot_defined=False)


def _kinds(names: str) -> Iterator[str]:
    for name in names.split():
        yield from _GROUPS.get(name, (name,))


def _definition(row: Mapping[str, str], kind: str) -> Definition:
    flags = row["access"].split()
    follows = next((flag for flag in flags if flag in ("owner", "stage", "pipeline")), None)
    return Definition(
        name=row["name"],
        label=row["label"],
        type=row["type"],
        field_type=row["fieldType"],
        group=row["groupName"].replace("{object}", KINDS[kind].singular),
        options=OPTION_SETS[row["options"]] if row["options"] else (),
        read_only="ro" in flags,
        calculated="calculated" in flags,
        hidden="hidden" in flags,
        hubspot_defined="custom" not in flags,
        follows=follows,
        open_set="open" in flags,
    )
