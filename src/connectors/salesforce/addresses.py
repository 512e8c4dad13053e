"""Which host is the org's, and which paths lead to what we call. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from connectors.errors import Misconfigured
from connectors.salesforce.settings import DEFAULT_VERSION

_MY_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*")
_OF_EVERYBODY = frozenset({"login", "test", "www", "login.my", "test.my"})
_OURS = (".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn")
_VERSION = re.compile(r"\d{2,3}\.0")
_HOW_TO_FIND_IT = "set salesforce.my_domain to what Setup, My Domain shows as the current My Domain URL, such as acme.my.salesforce.com"


def host_of(my_domain: str) -> str:
    """Give the host of a My Domain: `acme.my`, `acme`, `acme.my.salesforce.com` and the whole address all name one.

    Raises Misconfigured for the login pages that all orgs share: they give no token to an app.
    """
    given = my_domain.strip().lower()
    name = (urlsplit(given if "//" in given else f"//{given}").hostname or "").removesuffix(".salesforce.com")
    if name in _OF_EVERYBODY:
        raise Misconfigured(f"{name}.salesforce.com is the login page of all orgs and gives no token to an app", fix=_HOW_TO_FIND_IT)
    if not _MY_DOMAIN.fullmatch(name):
        raise Misconfigured("salesforce.my_domain is no name of a host", fix=_HOW_TO_FIND_IT)
    return f"{name}.salesforce.com" if "." in name else f"{name}.my.salesforce.com"


def host_of_instance(instance_url: object) -> str | None:
    """Give the host that a token answer names for data calls; None where it is not one of Salesforce's: no token goes there."""
    parts = urlsplit(str(instance_url or ""))
    host = parts.hostname or ""
    return host if parts.scheme == "https" and host.endswith(_OURS) else None


def loopback_port(base_url: str) -> int:
    """Give the port of a practice org on this machine; Misconfigured for any other address: the token travels with every call."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or parts.hostname != "127.0.0.1" or not parts.port or parts.path not in ("", "/"):
        raise Misconfigured(
            "salesforce.base_url is for a practice org on this machine alone",
            fix='write it as "http://127.0.0.1:PORT", or leave it out: salesforce.my_domain says where a real org is',
        )
    return parts.port


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths of one version of the API, such as 62.0."""

    version: str = DEFAULT_VERSION

    def __post_init__(self) -> None:
        if not _VERSION.fullmatch(self.version):
            raise Misconfigured("salesforce.api_version is no version", fix='write it as "62.0"')

    @property
    def _base(self) -> str:
        return f"/services/data/v{self.version}"

    def query(self, *, deleted_too: bool) -> str:
        """Run a query; with deleted and archived rows or without."""
        return f"{self._base}/{'queryAll' if deleted_too else 'query'}"

    def composite(self) -> str:
        """Make up to 25 calls in one."""
        return f"{self._base}/composite"

    def collections(self) -> str:
        """Write up to 200 rows in one call."""
        return f"{self._base}/composite/sobjects"

    def rows(self, sobject: str) -> str:
        """Make a row."""
        return f"{self._base}/sobjects/{quote(sobject, safe='')}"

    def row(self, sobject: str, id_: str) -> str:
        """Change one row."""
        return f"{self.rows(sobject)}/{quote(id_, safe='')}"

    def describe(self, sobject: str) -> str:
        """Read how an object is defined."""
        return f"{self._base}/sobjects/{sobject}/describe"

    def bulk_jobs(self) -> str:
        """Begin a bulk query."""
        return f"{self._base}/jobs/query"

    def bulk_job(self, job: str) -> str:
        """Ask how far a bulk query is."""
        return f"{self.bulk_jobs()}/{job}"

    def bulk_results(self, job: str) -> str:
        """Read what a bulk query found."""
        return f"{self.bulk_job(job)}/results"
