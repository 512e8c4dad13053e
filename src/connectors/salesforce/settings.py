"""What a connection to Salesforce is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from connectors.budget import DayShares
from connectors.pacing import RetryPolicy

DEFAULT_VERSION = "62.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceSettings:
    """One org's address and credentials, and how much of its API we may take.

    Credentials: `consumer_key` with `consumer_secret` (client credentials), or with `private_key` and `username` (JWT bearer), or
    a `session_id` alone, which cannot be renewed.
    """

    my_domain: str  # acme.my, acme--test.sandbox.my; a whole address does as well
    consumer_key: str | None = None
    consumer_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)  # PEM
    username: str | None = None  # whom the JWT bearer flow speaks for
    session_id: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)  # of a flow that Salesforce has given up: carried only to be refused
    api_version: str = DEFAULT_VERSION
    base_url: str | None = None  # http://127.0.0.1:PORT of a practice org, which then answers for My Domain
    day: DayShares = field(default_factory=lambda: DayShares(max_share=0.1))  # of the org's calls of a day
    at_once: int = 6  # connections; more calls wait for one of them
    connect_timeout_s: float = 10.0
    timeout_s: float = 120.0  # without a byte from the server
    user_agent: str = "leadpact"
    trust_env: bool = True  # proxies and certificates that the environment names
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    bulk_above: int = 20_000  # rows of one object; more are read by the Bulk API
    overlap: timedelta = timedelta(minutes=10)  # how late a row may become visible after the time it carries
    form_date_field: str | None = None  # field of a Lead that holds when a form was last submitted
    form_name_field: str | None = None  # field of a Lead that holds which form that was
    own_user: str | None = None  # id of the user we run as: what it writes is ours
