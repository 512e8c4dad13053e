"""The streams of rows: what is asked of each, and what each row is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType

from connectors.records import FieldChange, Wanted
from connectors.salesforce import activities
from connectors.salesforce.mapping import CONVERTED, CREATED, DELETED, ID, MOVED, SURVIVOR, VOCABULARY
from connectors.salesforce.soql import texts

_FIXED: Mapping[str, tuple[str, ...]] = {  # what the vocabulary needs, whatever the agreement says
    "Lead": (VOCABULARY.owner, VOCABULARY.email, *CONVERTED),
    "Contact": (VOCABULARY.owner, VOCABULARY.email, "AccountId"),
    "Account": (),
    "Opportunity": (VOCABULARY.owner, VOCABULARY.deal_stage, VOCABULARY.deal_closed, "IsWon", "CloseDate", "AccountId"),
}
_MERGED = frozenset({"Lead", "Contact", "Account"})  # objects whose rows can be merged into another
_HISTORIES: Mapping[str, tuple[str, str]] = {  # object -> its history, the history's field for the record
    "Lead": ("LeadHistory", "LeadId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Account": ("AccountHistory", "AccountId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
_FIXED_HISTORY: Mapping[str, tuple[str, ...]] = {  # histories that are read in any case
    "Lead": (VOCABULARY.owner,),
    "Contact": (VOCABULARY.owner,),  # a converted Lead is passed on as its Contact
    "Opportunity": (VOCABULARY.deal_stage,),
}
_FOLLOWS: Mapping[str, tuple[str, ...]] = {  # fields whose changes follow from what a history tells
    "Lead": ("IsConverted",),
    "Opportunity": (VOCABULARY.deal_closed,),
}
LEAD_CONVERTED = "leadConverted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowStream:
    """One stream of rows of one object; its name is the object's."""

    name: str
    kind: str | None  # of its rows; None for a history: its rows are changes of other rows
    select: tuple[str, ...]  # fields to read, in order
    shown: tuple[str, ...] = ()  # of these, the fields that become values of a record
    history: Mapping[str, tuple[FieldChange, ...]] = field(
        default_factory=dict
    )  # the values of which the changes matter; they come by another stream
    moved: str = MOVED  # the field that holds the time of the last change
    has_archive: bool = False  # old rows are hidden from a plain query
    owner_of: str = ""  # history: the object whose changes it tells
    parent: str = ""  # history: the field that holds the id of what changed
    tells: Mapping[str, str] = field(default_factory=dict)  # history: its word for a field -> the field

    @property
    def is_activity(self) -> bool:
        """Whether its rows are activities rather than records."""
        return self.name in activities.KINDS

    @property
    def has_bin(self) -> bool:
        """Whether its deleted rows are listed."""
        return self.kind is not None

    @property
    def where(self) -> str:
        """A condition that all its rows meet."""
        return f"Field IN {texts(sorted(self.tells))}" if self.tells else ""

    @property
    def where_live(self) -> str:
        """A condition that tells live rows among all, where archived ones are asked for too."""
        return f"{DELETED} = false" if self.has_archive else ""

    def asked(self) -> str:
        """Hash what is read of each row, to notice when the agreement asks for more."""
        return blake2b(repr((self.select, sorted(self.tells), self.moved)).encode(), digest_size=6).hexdigest()


def row_streams(wanted: Wanted, form_fields: tuple[str, ...] = ()) -> dict[str, RowStream]:
    """Give all streams of rows by name, in the order in which they should be pulled; `form_fields` are fields of a Lead."""
    return {stream.name: stream for stream in _streams(wanted, form_fields)}


def _streams(wanted: Wanted, form_fields: tuple[str, ...]) -> Iterator[RowStream]:
    for kind, (history, parent) in _HISTORIES.items():
        more = form_fields if kind == VOCABULARY.person else ()
        tracked = frozenset({*_FIXED_HISTORY.get(kind, ()), *wanted.history.get(kind, ()), *more})
        yield _records(kind, {*wanted.fields.get(kind, ()), *tracked}, observed=tracked)
        if tracked:
            yield _history(kind, history, parent, tracked)
    for kind in activities.KINDS:
        fields = (ID, DELETED, CREATED, MOVED, *activities.fields_of(kind))
        yield RowStream(name=kind, kind=kind, select=fields, has_archive=True)


def _records(kind: str, wanted: set[str], *, observed: Collection[str]) -> RowStream:
    """A stream of records; changes of the fields that are `observed` are noticed even where the org keeps no history of them."""
    shown = tuple(sorted({*_FIXED[kind], *wanted} - {ID}))
    system = (ID, DELETED, CREATED, MOVED, *((SURVIVOR,) if kind in _MERGED else ()))
    history = MappingProxyType(dict.fromkeys((*sorted(observed), *_FOLLOWS.get(kind, ())), ()))
    return RowStream(name=kind, kind=kind, select=tuple(dict.fromkeys((*system, *shown))), shown=shown, history=history)


def _history(kind: str, name: str, parent: str, tracked: frozenset[str]) -> RowStream:
    """A stream of the changes of some fields of an object; the rest of its history is left where it is."""
    tells = {word: one for one in sorted(tracked) for word in _words_for(one)}
    if kind == VOCABULARY.person:
        tells[LEAD_CONVERTED] = "IsConverted"
    return RowStream(
        name=name,
        kind=None,
        select=(ID, parent, "Field", "OldValue", "NewValue", CREATED, "CreatedById"),
        moved=CREATED,
        owner_of=kind,
        parent=parent,
        tells=tells,
    )


def _words_for(name: str) -> Iterator[str]:
    """Yield what a history may call a field: a reference goes by the name of what it refers to (Owner for OwnerId)."""
    yield name
    if name.endswith("Id") and len(name) > 2:
        yield name.removesuffix("Id")
