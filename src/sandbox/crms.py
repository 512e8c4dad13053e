"""Which of the two practice CRMs a path belongs to. Pure."""

from __future__ import annotations

from typing import Literal

Crm = Literal["hubspot", "salesforce"]
_SALESFORCE = ("/services/", "/id/")


def crm_of(path: str) -> Crm:
    """Salesforce's are the paths under `/services/` and `/id/`, HubSpot's all others."""
    return "salesforce" if path.startswith(_SALESFORCE) else "hubspot"
