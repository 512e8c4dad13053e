"""`leadpact check --create-fields`: which fields of our own a CRM lacks; created there, or told to whoever adds them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from sync.cli.terminal import err

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.new_fields import FieldMaker, NewField
    from connectors.protocol import Connector
    from sync.files import Files


def create_fields(files: Files, *, yes: bool) -> bool:
    """Go through the CRMs one by one; return whether all answered."""
    from contextlib import closing

    from connectors.errors import ConnectorError
    from sync.wiring import connect

    went_well = True
    for connector in connect(files.config, files.agreement):
        with closing(connector):
            try:
                _of_crm(files, connector, yes=yes)
            except ConnectorError as error:
                err(f"error: {connector.crm}: {error}\n  fix: {error.fix}")
                went_well = False
    return went_well


def _of_crm(files: Files, connector: Connector, *, yes: bool) -> None:
    from connectors.new_fields import FieldMaker
    from sync.own_fields import missing_fields
    from sync.vendors import crm_facts

    facts = crm_facts(files.config, connector)
    missing = missing_fields(facts.vocabulary, files.agreement, {(definition.kind, definition.name) for definition in facts.definitions})
    if not missing:
        typer.echo(f"{connector.crm} has all fields of leadpact's own that are named")
        return
    makes_fields = isinstance(connector, FieldMaker)
    typer.echo(f"{connector.crm} lacks {_count(missing)}{':' if makes_fields else '; an administrator adds:'}")
    for new in missing:
        typer.echo(f"  {connector.field_line(new)}")
    if isinstance(connector, FieldMaker) and _may_create(len(missing), connector.crm, yes=yes):
        _create(connector, connector.crm, missing)


def _may_create(count: int, crm: str, *, yes: bool) -> bool:
    """Ask, where there is somebody to be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        err(f"nothing was created in {crm}: there is no terminal on which to ask; create them without being asked: --yes")
        return False
    return typer.confirm(f"Create {'it' if count == 1 else f'these {count}'} in {crm}?", err=True)


def _create(maker: FieldMaker, crm: str, missing: Sequence[NewField]) -> None:
    for new in missing:
        maker.create_field(new)
        typer.echo(f"created {crm} {new.kind} {new.name}")


def _count(missing: Sequence[NewField]) -> str:
    return "a field" if len(missing) == 1 else f"{len(missing)} fields"
