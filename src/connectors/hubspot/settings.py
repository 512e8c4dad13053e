"""What a connection to HubSpot is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.budget import DayShares
from connectors.hubspot.paths import DEFAULT_VERSION
from connectors.pacing import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpotSettings:
    """One HubSpot account's address and token, and how much of its API we may take."""

    token: str = field(repr=False)  # a private-app token or a service key
    base_url: str = "https://api.hubapi.com"
    api_version: str = DEFAULT_VERSION  # a date such as 2026-09, or v3
    burst_share: float = 0.6  # of the account's calls in 10 seconds; other programs use them too
    day: DayShares = field(default_factory=DayShares)  # of the account's calls of a day
    at_once: int = 4  # connections; more calls wait for one of them
    connect_timeout_s: float = 10.0
    timeout_s: float = 60.0  # without a byte from the server
    user_agent: str = "leadpact"
    retry: RetryPolicy = field(default_factory=RetryPolicy)
