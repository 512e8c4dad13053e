"""`leadpact agreement sign`: one side's yes to the text as it stands."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sync.agreement.model import Agreement
    from sync.agreement.parties import Signature
    from sync.agreement.versions import Version
    from sync.config import Config

EXIT_NOT_SIGNED = 1


class Side(StrEnum):
    """Who signs."""

    SALES = "sales"
    MARKETING = "marketing"


def sign(
    side: Annotated[Side, typer.Option("--as", help="The side that signs.")],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Who signs: the signatory that the agreement names, or a person before it: 'Ann Lee, CMO'.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Sign without asking.")] = False,
    config: Annotated[
        Path | None, typer.Option(help="The config file (default: ./config.toml, else the user's, else the machine's).")
    ] = None,
) -> int:
    """Sign the agreement for one side, after showing what changed since both signed; nothing else in the file is touched."""
    from sync.agreement.signing import appended, signed_by, with_signature
    from sync.files import read_files
    from sync.in_place import write_in_place
    from sync.lint import refuse_if_misfit
    from sync.logs import configure_logs
    from sync.plain import plain
    from sync.toml_text import decoded
    from sync.wiring import kept_versions, machine_clock

    _refuse_if_nobody_can_be_asked(yes)
    files = read_files(config)
    refuse_if_misfit(files.agreement, files.roster, facts=())
    configure_logs(files.config)
    file = _bytes_of(files.config.agreement, files.agreement)
    signature = signed_by(files.agreement, side=side.value, name=name, at=machine_clock())
    signed = appended(file, signature)
    kept = kept_versions(files.config)
    for line in _told(files.agreement, signature, kept):
        typer.echo(plain(line))
    if not yes and not typer.confirm("Sign it?", err=True):
        typer.echo("nothing was signed")
        return EXIT_NOT_SIGNED
    write_in_place(files.config.agreement, signed, seen=file)
    _tell_and_keep(files.config, with_signature(files.agreement, signature, text=decoded(signed)), kept)
    return 0


def _refuse_if_nobody_can_be_asked(yes: bool) -> None:
    from sync.errors import UsageError

    if not yes and not sys.stdin.isatty():
        raise UsageError("there is no terminal on which to ask whether this text is to be signed", fix="sign without being asked: --yes")


def _bytes_of(path: Path, agreement: Agreement) -> bytes:
    """Return the file as it stands; FileChanged if that is no longer the text that was read and checked."""
    from sync.in_place import FileChanged
    from sync.toml_text import decoded

    file = path.read_bytes()
    try:
        is_the_same = decoded(file) == agreement.text
    except UnicodeDecodeError:
        is_the_same = False
    if not is_the_same:
        raise FileChanged(path)
    return file


def _told(agreement: Agreement, signature: Signature, kept: tuple[Version, ...]) -> Iterator[str]:
    """Yield what is about to be signed, and by whom."""
    from sync.agreement.changes import changes_between
    from sync.agreement.signing import last_signed
    from sync.report.agreement_changes import change_lines, since_text, term_text

    yield agreement.title
    yield f"{term_text(agreement)}; text {agreement.hash[:12]}"
    base = last_signed(kept)
    if base is None:
        yield from _first(agreement)
    else:
        changes = changes_between(base.text, agreement.text)
        yield since_text(base, agreement.zone, changes)
        yield from (f"  {line}" for line in change_lines(changes))
    yield from _others(agreement, signature)
    yield f"{signature.side} signs: {signature.name}"


def _first(agreement: Agreement) -> Iterator[str]:
    yield "It is the first text: none was signed by both sides before, so there is nothing to compare it with."
    if any(signature.hash != agreement.hash for signature in agreement.signatures):
        yield "The file has signatures under another text, which this store does not know; what changed since cannot be told."


def _others(agreement: Agreement, ours: Signature) -> Iterator[str]:
    """Yield whether the other side has signed this text."""
    from sync.history import local_text

    for party in agreement.parties:
        theirs = [one for one in agreement.signatures if (one.side, one.hash) == (party.side, agreement.hash)]
        if theirs:
            yield f"{party.side} has signed it: {theirs[0].name}, {local_text(theirs[0].at, agreement.zone)}"
        elif party.side != ours.side:
            yield f"{party.side} has not signed it yet ({party.signatory})"


def _tell_and_keep(config: Config, signed: Agreement, kept: tuple[Version, ...]) -> None:
    from sync.agreement.versions import version_of
    from sync.plain import plain

    ours = signed.signatures[-1]
    typer.echo(plain(f"signed {config.agreement} for {ours.side}: {ours.name}, {ours.at.isoformat()}"))
    typer.echo(_standing(signed, [*kept, version_of(signed, seen_at=ours.at)], ours.at))
    _keep(config, signed)


def _standing(signed: Agreement, versions: Sequence[Version], at: datetime) -> str:
    """Say whether the text is in force now, and why not."""
    from sync.agreement.versions import in_force, why_not_enforcing

    why_not, now = why_not_enforcing(signed, at), in_force(versions, at)
    if why_not is not None:
        return f"Not in force yet: {why_not}."
    if now is not None and now.hash != signed.hash:
        return f"Both sides have signed, but text {now.hash[:12]}, which takes effect later, goes on: see `effective`."
    return "Both sides have signed: it is in force."


def _keep(config: Config, agreement: Agreement) -> None:
    """Let the store know the text that was signed, so that a later edit can be compared with it; the file is what counts."""
    from sync.cli.terminal import err
    from sync.store.errors import StoreError
    from sync.wiring import keep_version

    try:
        keep_version(config, agreement)
    except StoreError as error:
        err(f"note: the store has not taken note of it: {error}\n  fix: {error.fix}; the next run takes note of it")
