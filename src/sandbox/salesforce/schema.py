"""The objects of an org and their fields: Salesforce's own and the admin's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from sandbox.salesforce.fields import LONG_TEXT, Choice, Field


@dataclass(slots=True, kw_only=True)
class SObject:
    """One object. Fields are found by name in any case and stand in the order of the API."""

    name: str
    label: str
    plural: str
    prefix: str
    abilities: frozenset[str]  # create update delete undelete merge replicate history described pointed
    fields: dict[str, Field] = field(default_factory=dict)
    _by_lower: dict[str, Field] = field(default_factory=dict)
    _by_relationship: dict[str, Field] = field(default_factory=dict)

    def add(self, new: Field) -> None:
        """Add a field, or put it in the place of the one of its name."""
        self.fields[new.name] = new
        self._by_lower[new.name.lower()] = new
        if new.relationship:
            self._by_relationship[new.relationship.lower()] = new

    def field(self, name: str) -> Field | None:
        """The field of this name in any case."""
        return self._by_lower.get(name.lower())

    def relation(self, name: str) -> Field | None:
        """The reference field whose relationship has this name in any case."""
        return self._by_relationship.get(name.lower())

    @property
    def name_field(self) -> str | None:
        """The field that names a record."""
        return next((each.name for each in self.fields.values() if each.is_name), None)

    @property
    def is_history(self) -> bool:
        """Whether it holds the field history of another object."""
        return "history" in self.abilities

    @property
    def parent(self) -> Field:
        """Of a history object: the field that points at the record. Raises StopIteration for others."""
        return next(each for each in self.fields.values() if each.children == "Histories")

    @property
    def is_stored(self) -> bool:
        """Whether it has rows of its own."""
        return not self.abilities & {"described", "pointed"}


class Schema:
    """All objects of an org."""

    def __init__(self, objects: Iterator[SObject]) -> None:
        self.objects = {each.name: each for each in objects}
        self._by_lower = {name.lower(): each for name, each in self.objects.items()}
        self._by_prefix = {each.prefix: each for each in self.objects.values() if each.prefix not in _SHARED_PREFIXES}
        self.children: dict[tuple[str, str], tuple[SObject, Field]] = {}
        self._find_children()

    def find(self, name: str) -> SObject | None:
        """The object of this name in any case."""
        return self._by_lower.get(name.lower())

    def of_id(self, id_: str) -> SObject | None:
        """The object whose prefix an id has; None for prefixes that several share."""
        return self._by_prefix.get(id_[:3])

    def history_of(self, sobject: str) -> SObject | None:
        """The object that holds the field history of another."""
        child = self.children.get((sobject, "histories"))
        return child[0] if child else None

    def define(self, sobject: SObject, new: Field) -> None:
        """Add a custom field."""
        sobject.add(new)
        self._find_children()

    def _find_children(self) -> None:
        for sobject in self.objects.values():
            for each in sobject.fields.values():
                for parent in each.references if each.children else ():
                    self.children[parent, str(each.children).lower()] = (sobject, each)


_SHARED_PREFIXES = frozenset({"017", "01J", ""})


def built_in() -> Schema:
    """The objects and fields of a new org. Source: Salesforce's object reference; labels are our own."""
    objects = {row["name"]: _sobject(row) for row in _table("objects.csv")}
    for name, each in _fields():
        objects[name].add(each)
    return Schema(iter(objects.values()))


@cache
def _fields() -> tuple[tuple[str, Field], ...]:
    objects = {row["name"]: _sobject(row) for row in _table("objects.csv")}
    rows = _table("fields.csv")
    return tuple((name, _field(row, objects[name])) for row in rows for name in _names(row["objects"], objects))


def choices(name: str) -> list[tuple[str, list[str]]]:
    """The values of a built-in picklist, each with its marks."""
    return [(row["value"], row["marks"].split()) for row in _table("picklists.csv") if row["set"] == name]


@cache
def _table(name: str) -> tuple[dict[str, str], ...]:
    return tuple(csv.DictReader((files("sandbox.salesforce") / name).read_text("utf-8").splitlines()))


def _sobject(row: Mapping[str, str]) -> SObject:
    abilities = frozenset(row["abilities"].split())
    return SObject(name=row["name"], label=row["label"], plural=row["plural"], prefix=row["prefix"], abilities=abilities)


def _names(text: str, objects: Mapping[str, SObject]) -> Iterator[str]:
    for name in text.split():
        match name:
            case "@all":
                yield from (each.name for each in objects.values() if not each.abilities & {"described"})
            case "@deletable":
                yield from (each.name for each in objects.values() if each.abilities >= {"delete", "replicate"})
            case "@history":
                yield from (each.name for each in objects.values() if each.is_history)
            case _:
                yield name


def _field(row: Mapping[str, str], sobject: SObject) -> Field:
    whole, _, part = row["size"].partition(".")
    access = row["access"]
    is_decimal = bool(part)
    return Field(
        name=row["name"],
        label=row["label"],
        type=row["type"],
        length=0 if is_decimal or not whole else int(whole),
        precision=int(whole) if is_decimal else 0,
        scale=int(part) if is_decimal else 0,
        createable="c" in access,
        updateable="u" in access,
        nillable="n" in access,
        defaulted="d" in access,
        filterable="x" not in access,
        restricted="r" in access,
        tracked="t" in access,
        is_name="N" in access,
        derived="y" in access or row["type"] == "address",
        references=tuple(row["refers"].replace("@self", sobject.name).split()),
        relationship=row["relationship"] or None,
        children=row["children"].replace("@plural", sobject.plural) or None,
        choices=tuple(_choice(value, marks) for value, marks in choices(row["choices"])) if row["choices"] else (),
    )


def _choice(value: str, marks: list[str]) -> Choice:
    return Choice(value=value, label=value, is_default="default" in marks)


def custom_field(name: str, type_: str, **more: object) -> Field:
    """A custom field that anybody may set; `more` as Field has it."""
    length = {"string": 255, "textarea": LONG_TEXT, "picklist": 255, "multipicklist": 4099, "url": 255, "email": 80, "phone": 40}
    sizes = {"double": (18, 2), "currency": (18, 2), "percent": (18, 2)}
    precision, scale = sizes.get(type_, (0, 0))
    known: dict[str, object] = {
        "label": name.removesuffix("__c").replace("_", " "),
        "length": 18 if type_ == "reference" else length.get(type_, 0),
        "precision": precision,
        "scale": scale,
        "nillable": type_ != "boolean",
        "defaulted": type_ == "boolean",
    }
    return Field(name=name, type=type_, createable=True, updateable=True, **{**known, **more})  # type: ignore[arg-type]
