"""Invented names of people and companies. Pure."""

from __future__ import annotations

import unicodedata
from random import Random

FIRST_NAMES = (
    *("Ada", "Björn", "Chiara", "Dmitri", "Élodie", "Femi", "Grete", "Hiro", "Inés", "Jonas", "Kavya", "Liam", "Mira", "Noor", "Oskar"),
    *("Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wanda", "Xenia", "Yusuf", "Zoë", "Amara", "Bela", "Clara", "Dario"),
)
LAST_NAMES = (
    *("Alderbrook", "Birkenfeld", "Castellmar", "Dunmorrow", "Eisenhag", "Farrowby", "Grünwaldt", "Hollingdale", "Ibarrandia", "Jasperson"),
    *("Kettlewick", "Lindqvarn", "Marchetwood", "Nørrevang", "Oakenshore", "Pellingrove", "Quillfeather", "Rosmarin", "Sandoval-Rey"),
    *("Thistlewood", "Umberfield", "Vantongeren", "Wexcombe", "Yarrowdale", "Zimmerlein"),
)
_COMPANY_HEADS = (
    "Blue",
    "Copper",
    "Delta",
    "Ember",
    "Fjord",
    "Granite",
    "Harbor",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Maple",
    "Nimbus",
)
_COMPANY_TAILS = (
    "Forge",
    "Works",
    "Metrics",
    "Capital",
    "Logistics",
    "Software",
    "Analytics",
    "Mills",
    "Bank",
    "Freight",
    "Labs",
    "Partners",
)


def ascii_name(name: str) -> str:
    """`name` in lower-case ASCII letters, for mail addresses and domains."""
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("Ø", "O"))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha()).lower()


def person_name(rng: Random) -> tuple[str, str]:
    """A first and a last name."""
    return rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)


def company_name(rng: Random) -> str:
    """A company's name; several companies may share one."""
    return f"{rng.choice(_COMPANY_HEADS)} {rng.choice(_COMPANY_TAILS)}"
