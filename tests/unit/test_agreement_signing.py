from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.agreement.parties import Signature
from sync.agreement.signing import appended, last_signed, signed_at, signed_by
from sync.agreement.versions import SIDES, Version, signed_sides, version_of
from sync.errors import SyncError, UsageError

TEXT = (Path(__file__).parents[2] / "agreement.example.toml").read_text(encoding="utf-8")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROLE = "Head of Sales Development"


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return agreement_of(TEXT, file="agreement.toml")


def by_sales(agreement: Agreement, name: str = ROLE) -> Signature:
    return signed_by(agreement, side="sales", name=name, at=NOON)


@pytest.mark.parametrize("name", [ROLE, "head of  sales development ", f"Ann Lee, {ROLE}", f"Łukasz O'Brien (acting), {ROLE}"])
def test_the_signatory_signs_by_role_or_with_the_person_before_it(agreement: Agreement, name: str) -> None:
    signature = by_sales(agreement, name)
    assert (signature.side, signature.name, signature.hash) == ("sales", " ".join(name.split()), agreement.hash)
    assert signature.at.isoformat() == "2026-06-01T08:00:00-04:00"


def test_an_accent_may_be_a_letter_of_its_own(agreement: Agreement) -> None:
    parties = (agreement.parties[0], replace(agreement.parties[1], signatory="Frau Müller"))
    assert by_sales(replace(agreement, parties=parties), "frau Mu\u0308ller").name == "frau Mu\u0308ller"


@pytest.mark.parametrize(
    "name", ["", "Ann Lee", "Chief Marketing Officer", f", {ROLE}", f"Ann {ROLE}", f"{ROLE}, Ann", f"A\x1b[2J, {ROLE}"]
)
def test_somebody_else_does_not_and_is_told_who_may(agreement: Agreement, name: str) -> None:
    with pytest.raises(UsageError, match=f"the agreement names Chief Marketing Officer for marketing, {ROLE} for sales") as refusal:
        by_sales(agreement, name)
    assert f'--name "{ROLE}"' in refusal.value.fix


def test_a_side_for_which_the_agreement_names_nobody_cannot_sign(agreement: Agreement) -> None:
    with pytest.raises(UsageError, match="names nobody who signs for sales; it names Chief Marketing Officer for marketing"):
        by_sales(replace(agreement, parties=agreement.parties[:1]))
    with pytest.raises(UsageError, match="it names no party at all"):
        by_sales(replace(agreement, parties=()))


def test_a_side_signs_one_text_once_and_the_next_text_again(agreement: Agreement) -> None:
    signed = replace(agreement, signatures=(by_sales(agreement),))
    with pytest.raises(UsageError, match=f"sales has signed this very text already: {ROLE}, Mon 2026-06-01 08:00 EDT"):
        by_sales(signed)
    assert by_sales(replace(signed, hash="0" * 64)).hash == "0" * 64


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "# the last line, without an end"])
def test_every_byte_of_the_file_stays(agreement: Agreement, start: str, end: str, last: str) -> None:
    file = (start + TEXT.replace("\n", end) + last).encode()
    signature = by_sales(agreement, f'Ann "the \\" Lee, {ROLE}')

    signed = appended(file, signature)

    assert signed.startswith(file)
    added = signed.removeprefix(file).decode()
    assert added.replace("\r\n", "").count("\n") == (0 if end == "\r\n" else added.count("\n"))
    after = agreement_of(signed.decode("utf-8-sig").replace("\r\n", "\n"), file="agreement.toml")
    assert (after.signatures, after.hash, signed_sides(after)) == ((signature,), agreement.hash, frozenset({"sales"}))


def test_a_second_signature_stands_below_the_first(agreement: Agreement) -> None:
    once = appended(TEXT.encode(), by_sales(agreement))
    twice = appended(once, signed_by(agreement, side="marketing", name="Chief Marketing Officer", at=NOON))
    assert [one["side"] for one in tomllib.loads(twice.decode())["signature"]] == ["sales", "marketing"]


def test_a_list_of_signatures_in_brackets_is_refused(agreement: Agreement) -> None:
    with pytest.raises(SyncError, match=r"in a list, `signature = \[...\]`") as refusal:
        appended(f"signature = []\n{TEXT}".encode(), by_sales(agreement))
    assert "[[signature]]" in refusal.value.fix


def a_signed(agreement: Agreement, digest: str, *times: datetime) -> Version:
    """Return a version that marketing and sales signed at `times`; with fewer of them, that only some signed."""
    lines = [
        f'[[signature]]\nside = "{side}"\nat = {at.isoformat()}\nhash = "{digest}"\n'
        for side, at in zip(sorted(SIDES), times, strict=False)
    ]
    base = version_of(agreement, seen_at=NOON)
    return replace(base, hash=digest, text="".join(lines), signed_sides=frozenset(sorted(SIDES)[: len(times)]))


def test_the_text_that_was_signed_last_counts_whichever_takes_effect_later(agreement: Agreement) -> None:
    hour = timedelta(hours=1)
    old = replace(a_signed(agreement, "a" * 64, NOON, NOON + hour), effective=NOON + 99 * hour)
    new = a_signed(agreement, "b" * 64, NOON - hour, NOON + 2 * hour)
    half = a_signed(agreement, "c" * 64, NOON + 3 * hour)

    assert last_signed([new, half, old]) == new
    assert signed_at(new) == NOON + 2 * hour
    assert last_signed([half]) is None
