"""Which CRM is practised on."""

from __future__ import annotations

from enum import Enum


class PracticeCrm(Enum):
    """What `sandbox` and `demo` can serve."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
    BOTH = "both"
