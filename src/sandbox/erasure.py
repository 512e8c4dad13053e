"""Erasing a contact for good, as privacy laws ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import computed
from sandbox.record import Record

if TYPE_CHECKING:
    from sandbox.portal import Portal

KIND = "contacts"


def erase(portal: Portal, record: Record) -> None:
    """Erase a live or archived contact: it is in no list any more, and its associations are gone.

    Its address can never be used again. What it was associated with counts as unchanged.
    Source: HubSpot's guide of contacts, "Permanently delete a contact"; crm-facts, HubSpot, section 6.5.
    """
    ends = [(kind, id_) for kind, ids in record.links.items() for id_ in ids]
    if email := record.value("email"):
        block(portal, email)
    portal.remove(KIND, record)
    for kind, id_ in ends:
        computed.settle(portal, kind, portal.record(kind, id_), {KIND}, unseen=True)


def block(portal: Portal, email: str) -> None:
    """Let no contact have this address from now on."""
    portal.blocked_emails.add(email.lower())
    portal.setting_changed = True
