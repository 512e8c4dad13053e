"""Who may sign an agreement, what a signature looks like in its file, and which text both sides signed last. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from unicodedata import normalize

from sync.agreement.model import Agreement
from sync.agreement.parties import Signature
from sync.agreement.versions import SIDES, Version, content_hash
from sync.errors import SyncError, UsageError
from sync.history import local_text
from sync.toml_text import decoded

_QUOTED = str.maketrans({'"': '\\"', "\\": "\\\\"})


def signed_by(agreement: Agreement, *, side: str, name: str, at: datetime) -> Signature:
    """Return the signature of `side` under this very text.

    `name` is the signatory that the agreement names for the side, or a person before it: `Ann Lee, Head of Sales`. Raises UsageError
    if that side has signed this text already, if somebody else is named, or if the name has letters that cannot be shown.
    """
    signer = " ".join(name.split())
    _refuse_if_signed(agreement, side)
    _refuse_if_nobody(agreement, side, signer)
    return Signature(side=side, name=signer, at=at.astimezone(agreement.zone).replace(microsecond=0), hash=agreement.hash)


def _refuse_if_signed(agreement: Agreement, side: str) -> None:
    for signature in agreement.signatures:
        if (signature.side, signature.hash) == (side, agreement.hash):
            raise UsageError(
                f"{side} has signed this very text already: {signature.name}, {local_text(signature.at, agreement.zone)}",
                fix="nothing is to be done; to go back to it from a later text, change `effective` and let both sides sign that",
            )


def _refuse_if_nobody(agreement: Agreement, side: str, name: str) -> None:
    signatory = next((party.signatory for party in agreement.parties if party.side == side), None)
    if signatory is None:
        raise UsageError(
            f"the agreement names nobody who signs for {side}; it names {_signatories(agreement)}",
            fix=f'add a [[party]] with side = "{side}" and its signatory',
        )
    person, is_called_so = _before(name, signatory)
    if not is_called_so or not name.isprintable() or (person and not (person.strip(", ") and person.endswith(", "))):
        raise UsageError(
            f"`{name}` is not who signs for {side}; the agreement names {_signatories(agreement)}",
            fix=f'sign with --name "{signatory}", or with the person before it: --name "Ann Lee, {signatory}"',
        )


def _before(name: str, signatory: str) -> tuple[str, bool]:
    """Return what stands before the signatory in a name, and whether it is there; in any case, however its accents are written."""
    said, called = (normalize("NFC", " ".join(text.split())).casefold() for text in (name, signatory))
    return said.removesuffix(called), said.endswith(called)


def _signatories(agreement: Agreement) -> str:
    return ", ".join(f"{party.signatory} for {party.side}" for party in agreement.parties) or "no party at all"


def signature_lines(signature: Signature) -> tuple[str, ...]:
    """Return the table that is added to the file."""
    return (
        "[[signature]]",
        f'side = "{signature.side}"',
        f'name = "{signature.name.translate(_QUOTED)}"',
        f"at   = {signature.at.isoformat()}",
        f'hash = "{signature.hash}"',
    )


def appended(file: bytes, signature: Signature) -> bytes:
    """Return the bytes of the file that is signed, with the signature below them; the others stay as they are, line ends too.

    Raises SyncError where the file has its signatures in a list in brackets: nothing can be added below to that.
    """
    end = "\r\n" if b"\r\n" in file else "\n"
    added = ["" if file.endswith(b"\n") else end, *(f"{line}{end}" for line in ("", *signature_lines(signature)))]
    whole = file + "".join(added).encode()
    try:
        document = tomllib.loads(decoded(whole))
    except tomllib.TOMLDecodeError:
        raise SyncError(
            "the agreement has its signatures in a list, `signature = [...]`, to which none can be added below",
            fix="write each as a table of its own, [[signature]], at the end of the file; that changes nothing of what is signed",
        ) from None
    assert content_hash(document) == signature.hash
    return whole


def with_signature(agreement: Agreement, signature: Signature, *, text: str) -> Agreement:
    """Return the agreement with one signature more; `text` is that of its file then."""
    return replace(agreement, signatures=(*agreement.signatures, signature), text=text)


def last_signed(versions: Iterable[Version]) -> Version | None:
    """Return the version that both sides signed last; None if there is none."""
    both = [version for version in versions if version.signed_sides >= SIDES]
    return max(both, key=lambda version: (signed_at(version), version.seen_at, version.hash), default=None)


def signed_at(version: Version) -> datetime:
    """Return when the later of both sides first signed a version that both signed."""
    firsts: dict[str, datetime] = {}
    for one in tomllib.loads(version.text)["signature"]:
        if one["hash"] == version.hash:
            firsts[one["side"]] = min(one["at"], firsts.get(one["side"], one["at"]))
    return max(firsts.values())
