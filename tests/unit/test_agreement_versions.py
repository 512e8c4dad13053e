from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.agreement.load import agreement_of
from sync.agreement.model import Agreement
from sync.agreement.parties import Signature
from sync.agreement.versions import Version, content_hash, in_force, signed_sides, version_of, why_not_enforcing

TEXT = (Path(__file__).parents[2] / "agreement.example.toml").read_text(encoding="utf-8")
BOTH = frozenset({"marketing", "sales"})
DAY = timedelta(days=1)
T0 = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return agreement_of(TEXT, file="agreement.toml")


def hash_of(text: str) -> str:
    return content_hash(tomllib.loads(text))


def signed(agreement: Agreement, *sides: str, hash_: str | None = None) -> Agreement:
    return replace(agreement, signatures=tuple(Signature(side=side, name="N", at=T0, hash=hash_ or agreement.hash) for side in sides))


def a_version(name: str, *, effective: datetime = T0, seen: datetime = T0, **changes: object) -> Version:
    version = Version(hash=name, effective=effective, expires_at=None, seen_at=seen, signed_sides=BOTH)
    return replace(version, **changes)  # type: ignore[arg-type]


def test_the_hash_does_not_see_comments_spaces_order_or_signatures() -> None:
    signature = f'\n[[signature]]\nside = "sales"\nname = "S"\nat = 2026-01-01T00:00:00Z\nhash = "{"0" * 64}"\n'

    assert hash_of("a = 1\nb = 2026-01-01 # now") == hash_of("b   = 2026-01-01\na = 1")
    assert hash_of(TEXT + signature) == hash_of(TEXT) == agreement_of(TEXT + signature, file="x").hash


@pytest.mark.parametrize(
    ("old", "new"), [('"2 business hours"', '"3 business hours"'), ("2026-12-31", "2026-12-30"), ("attempts = 6", "attempts = 6.0")]
)
def test_the_hash_sees_every_value_as_written(old: str, new: str) -> None:
    assert hash_of(TEXT) != hash_of(TEXT.replace(old, new, 1))


def test_writing_a_default_out_is_another_text() -> None:
    assert hash_of("[recycle]") != hash_of("[recycle]\nbounce_limit = 2")


def test_the_hash_is_the_same_for_ever() -> None:
    assert hash_of('title = "Ä"\nat = 2026-01-01T10:00:00+02:00') == "e05b4320bbb9e5b1c691618b7e8e42da92cb01406f292f2a039866f2ec025f75"


def test_only_a_signature_of_this_text_counts(agreement: Agreement) -> None:
    assert signed_sides(signed(agreement, "sales", "marketing")) == BOTH
    assert signed_sides(signed(agreement, "sales", hash_="0" * 64)) == frozenset()


def test_in_force_is_what_took_effect_last_among_what_both_signed() -> None:
    old, new = a_version("old"), a_version("new", effective=T0 + 10 * DAY)

    assert in_force([new, old], T0 - DAY) is None
    assert in_force([new, old], T0) is old
    assert in_force([old, new], T0 + 10 * DAY - timedelta(microseconds=1)) is old
    assert in_force([old, new], T0 + 10 * DAY) is new


def test_an_unsigned_edit_never_judges() -> None:
    signed_one, draft = a_version("signed"), a_version("draft", seen=T0 + DAY, signed_sides=frozenset({"sales"}))

    assert in_force([signed_one, draft], T0 + 2 * DAY) is signed_one
    assert in_force([draft], T0 + 2 * DAY) is None


def test_of_two_that_took_effect_together_the_one_seen_last_holds() -> None:
    first, corrected = a_version("first"), a_version("corrected", seen=T0 + DAY)

    assert in_force([corrected, first], T0 + 2 * DAY) is corrected


def test_an_expired_version_gives_way_to_an_older_one_that_still_holds() -> None:
    old, trial = a_version("old"), a_version("trial", effective=T0 + DAY, expires_at=T0 + 2 * DAY)

    assert in_force([old, trial], T0 + DAY) is trial
    assert in_force([old, trial], T0 + 2 * DAY) is old


def test_a_version_carries_what_the_store_needs(agreement: Agreement) -> None:
    version = version_of(signed(agreement, "sales"), seen_at=T0)

    assert (version.hash, version.effective, version.expires_at) == (agreement.hash, agreement.effective, agreement.expires_at)
    assert (version.signed_sides, version.text) == (frozenset({"sales"}), TEXT)


def test_why_nothing_is_enforced_is_said_in_a_sentence(agreement: Agreement) -> None:
    both = signed(agreement, "marketing", "sales")

    assert why_not_enforcing(both, T0) is None
    assert why_not_enforcing(agreement, T0) == "not signed by marketing and sales"
    assert why_not_enforcing(signed(agreement, "marketing"), T0) == "not signed by sales"
    assert (
        why_not_enforcing(signed(agreement, "marketing", "sales", hash_="0" * 64), T0)
        == "the signature of marketing and sales is for another text"
    )
    assert why_not_enforcing(both, agreement.effective - DAY) == "not effective before 2026-01-01"
    assert agreement.expires_at is not None
    assert why_not_enforcing(both, agreement.expires_at) == "expired at the end of 2026-12-31"
