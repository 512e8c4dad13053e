"""Which CRM is practised on."""

from __future__ import annotations

from enum import Enum


class PracticeCrm(Enum):
    """A CRM that `sandbox` and `demo` can serve."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
