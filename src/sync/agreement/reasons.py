"""How the reasons of an agreement are compared with what a CRM says. Pure."""

from __future__ import annotations


def folded(reason: str) -> str:
    """Return a reason as reasons are compared: without case, `_` and `-` read as a space."""
    return " ".join(reason.replace("_", " ").replace("-", " ").casefold().split())
