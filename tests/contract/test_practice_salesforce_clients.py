"""The practice Salesforce, spoken to by clients of other authors: `simple-salesforce`, and `aiosalesforce` over httpx.

Both insist on https. They reach it over its TLS port, or by an adapter that leads the My Domain to loopback.
"""

from __future__ import annotations

import asyncio
import csv
import functools
import io
import ssl
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
import requests
from aiosalesforce import Salesforce as AsyncSalesforce
from aiosalesforce.auth import ClientCredentialsFlow, JwtBearerFlow
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from sandbox.server import Served, serve
from tests.contract.practice_org import ADA, ANN, EVE, IVY, NOW, OrgCaller, an_id, an_org, leads

MY_DOMAIN = "practice.my"


class ToLoopback(requests.adapters.HTTPAdapter):
    """Leads whatever host is asked over https to a port of this machine over http."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override]
        asked = urlsplit(str(request.url))
        request.headers["Host"] = asked.netloc
        request.url = urlunsplit(("http", f"127.0.0.1:{self._port}", asked.path, asked.query, ""))
        return super().send(request, **settings)


class ToTls(httpx.AsyncBaseTransport):
    """Leads whatever host is asked to the TLS port."""

    def __init__(self, served: Served, trusted: Path) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=trusted))
        self._port = urlsplit(served.tls_url).port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org(), tls_port=0) as served:
        yield served


@pytest.fixture
def call(served: Served) -> OrgCaller:
    return OrgCaller(served)


@pytest.fixture
def trusted(served: Served, tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_bytes(served.certificate)
    return path


@pytest.fixture
def over_tls(trusted: Path) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # or a bundle of the machine would take the place of the certificate
        session.verify = str(trusted)
        session.request = functools.partial(session.request, timeout=(5, 20))  # type: ignore[method-assign]
        yield session


@pytest.fixture
def by_adapter(served: Served) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", ToLoopback(urlsplit(served.url).port or 0))
        yield session


@pytest.fixture
def direct(served: Served, over_tls: requests.Session) -> Salesforce:
    return Salesforce(session_id="sandbox", instance_url=served.tls_url, session=over_tls, version="62.0")


def test_simple_salesforce_logs_in_with_client_credentials(by_adapter: requests.Session) -> None:
    client = Salesforce(consumer_key="sandbox", consumer_secret="sandbox", domain=MY_DOMAIN, session=by_adapter)
    assert (client.auth_type, client.sf_instance) == ("client-credentials", "practice.my.salesforce.com")
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 3
    assert client.oauth2("userinfo")["preferred_username"] == "integration@practice.example"


def test_simple_salesforce_names_the_login_that_is_refused(by_adapter: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(consumer_key="sandbox", consumer_secret="wrong", domain=MY_DOMAIN, session=by_adapter)
    assert refused.value.auth_message == "invalid client credentials"
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(username="ann@example.com", password="x", security_token="y", domain=MY_DOMAIN, session=by_adapter)
    assert "SOAP API login() is disabled" in str(refused.value)


def key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def test_simple_salesforce_logs_in_with_a_jwt(by_adapter: requests.Session, call: OrgCaller) -> None:
    private, public = key_pair()
    call.lever("salesforce/app", {"certificate": public})
    client = Salesforce(username="ann@example.com", consumer_key="sandbox", privatekey=private, session=by_adapter)
    made = client.Lead.create({"LastName": "Made", "Company": "M"})["id"]
    assert client.Lead.get(made)["CreatedById"] == ANN


def test_simple_salesforce_renews_a_session_that_ended(by_adapter: requests.Session, call: OrgCaller) -> None:
    client = Salesforce(consumer_key="sandbox", consumer_secret="sandbox", domain=MY_DOMAIN, session=by_adapter)
    call.lever("salesforce/sessions", {"revoke": True})
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 3
    assert [each["path"] for each in call.get("/_sandbox/requests")["requests"]].count("/services/oauth2/token") == 2


def test_simple_salesforce_cannot_renew_a_direct_session(direct: Salesforce, call: OrgCaller) -> None:
    call.lever("salesforce/sessions", {"revoke": True})
    with pytest.raises(SalesforceExpiredSession):
        direct.query("SELECT Id FROM Lead")


def test_simple_salesforce_pages_through_a_query(direct: Salesforce, call: OrgCaller) -> None:
    call.lever("records", leads(4_500))
    soql = format_soql("SELECT Id, LastName, Owner.Name FROM Lead WHERE Company = {} ORDER BY LastName", "Many")
    rows = list(direct.query_all_iter(soql))
    assert [row["LastName"] for row in rows] == [f"L{number:05}" for number in range(4_500)]
    assert rows[0]["Owner"]["Name"] == "Integration User"
    first = direct.query(soql)
    assert direct.query_more(first["nextRecordsUrl"], identifier_is_url=True)["records"][0]["LastName"] == "L02000"
    assert direct.query_more(first["nextRecordsUrl"].rpartition("/")[2])["records"][0]["LastName"] == "L02000"
    assert direct.api_usage["api-usage"].total == 15_000


def test_simple_salesforce_quotes_what_it_asks_for(direct: Salesforce) -> None:
    name = 'O\'Hara "the\\one" 50%_\n'
    direct.Lead.create({"LastName": name, "Company": "C"})
    assert direct.query(format_soql("SELECT Id FROM Lead WHERE LastName = {}", name.strip()))["totalSize"] == 1
    assert direct.query(format_soql("SELECT Id FROM Lead WHERE LastName LIKE '%{:like}%'", "50%_"))["totalSize"] == 1
    assert direct.query(format_soql("SELECT Id FROM Lead WHERE LastName IN {}", ["Ada", "Eve"]))["totalSize"] == 2
    since = NOW - timedelta(days=18, hours=5)
    assert direct.query(format_soql("SELECT Id FROM Lead WHERE CreatedDate >= {}", since))["totalSize"] == 3
    assert direct.query(format_soql("SELECT Id FROM Lead WHERE Email = {} AND IsConverted = {}", None, False))["totalSize"] == 3


def test_simple_salesforce_reads_and_writes_rows(direct: Salesforce) -> None:
    made = direct.Lead.create({"LastName": "New", "Company": "Ten"})
    assert made["success"]
    assert direct.Lead.update(made["id"], {"LastName": "Newer"}, headers={"Sforce-Auto-Assign": "FALSE"}) == 204
    assert direct.Lead.get(made["id"])["LastName"] == "Newer"
    assert direct.Lead.get_by_custom_id("Ref__c", "r-2")["Id"] == EVE
    assert direct.Lead.upsert("Ref__c/r-2", {"LastName": "E"}) == 200
    assert direct.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        direct.Lead.get(made["id"])
    with pytest.raises(SalesforceMalformedRequest):
        direct.Lead.create({"Company": "Nobody"})
    with pytest.raises(SalesforceGeneralError) as stale:
        direct.Lead.update(ADA, {"LastName": "A"}, headers={"If-Unmodified-Since": "Sun, 01 Nov 2020 00:00:00 GMT"})
    assert stale.value.status == 412


def test_simple_salesforce_sends_what_it_has_no_method_for(direct: Salesforce) -> None:
    records = [{"attributes": {"type": "Lead"}, "id": id_, "Company": "Same"} for id_ in (ADA, EVE)]
    told = direct.restful("composite/sobjects", method="PATCH", json={"allOrNone": True, "records": records})
    assert [each["success"] for each in told] == [True, True]
    part = {"method": "GET", "url": f"/services/data/v62.0/sobjects/Lead/{IVY}", "referenceId": "ivy"}
    assert (
        direct.restful("composite", method="POST", json={"compositeRequest": [part]})["compositeResponse"][0]["body"]["LastName"] == "Ivy"
    )
    assert direct.restful("limits/recordCount", params={"sObjects": "Lead"})["sObjects"] == [{"count": 3, "name": "Lead"}]


def test_simple_salesforce_describes_and_tells_limits(direct: Salesforce) -> None:
    assert {each["name"] for each in direct.describe()["sobjects"]} >= {"Lead", "Contact", "Task"}
    assert {each["name"]: each["type"] for each in direct.Lead.describe()["fields"]}["OwnerId"] == "reference"
    assert direct.Lead.metadata()["objectDescribe"]["name"] == "Lead"
    assert direct.limits()["DailyApiRequests"]["Max"] == 15_000


def test_simple_salesforce_asks_what_was_updated_and_deleted(direct: Salesforce) -> None:
    direct.Lead.update(ADA, {"LastName": "A"})
    direct.Lead.delete(IVY)
    span = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    assert ADA in direct.Lead.updated(*span)["ids"]
    assert [each["id"] for each in direct.Lead.deleted(*span)["deletedRecords"]] == [IVY]


def test_simple_salesforce_runs_bulk_queries(direct: Salesforce, call: OrgCaller, tmp_path: Path) -> None:
    call.lever("records", leads(2_500))
    call.lever("salesforce/jobs", {"waits": 1})
    soql = "SELECT Id, LastName FROM Lead WHERE Company = 'Many' ORDER BY LastName"
    pages = list(direct.bulk2.Lead.query(soql, max_records=1_000, wait=0))
    names = [row["LastName"] for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert (len(pages), names) == (3, [f"L{number:05}" for number in range(2_500)])
    files = direct.bulk2.Lead.download(soql, path=str(tmp_path), wait=0)
    assert sum(each["number_of_records"] for each in files) == 2_500
    direct.Lead.delete(ADA)
    everything = "".join(direct.bulk2.Lead.query_all("SELECT Id FROM Lead WHERE IsDeleted = TRUE", wait=0))
    assert ADA in everything


def test_simple_salesforce_loads_rows_in_bulk(direct: Salesforce) -> None:
    (job,) = direct.bulk2.Lead.insert(records=[{"LastName": "B1", "Company": "C"}, {"LastName": "", "Company": "C"}], wait=0)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    assert "REQUIRED_FIELD_MISSING" in direct.bulk2.Lead.get_failed_records(job["job_id"])
    (made,) = csv.DictReader(io.StringIO(direct.bulk2.Lead.get_successful_records(job["job_id"])))
    (job,) = direct.bulk2.Lead.update(records=[{"Id": made["sf__Id"], "LastName": "B2"}], wait=0)
    assert (job["numberRecordsFailed"], direct.Lead.get(made["sf__Id"])["LastName"]) == (0, "B2")
    (job,) = direct.bulk2.Lead.delete(records=[{"Id": made["sf__Id"]}], wait=0)
    assert job["numberRecordsFailed"] == 0


def test_simple_salesforce_names_what_was_refused(direct: Salesforce, call: OrgCaller) -> None:
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        direct.query("SELECT Nix FROM Lead")
    assert malformed.value.content[0]["errorCode"] == "INVALID_FIELD"
    call.lever("faults", {"status": 503, "count": 1})
    with pytest.raises(SalesforceGeneralError) as down:
        direct.query("SELECT Id FROM Lead")
    assert "maintenance" in down.value.content
    call.lever("faults", {"fault": "cut_json", "count": 1})
    with pytest.raises(requests.exceptions.JSONDecodeError):
        direct.query("SELECT Id FROM Lead")
    call.lever("salesforce/limits", {"daily": 0})
    with pytest.raises(SalesforceRefusedRequest):
        direct.query("SELECT Id FROM Lead")


def asynchronously(served: Served, trusted: Path, auth: Any, talk: Callable[[AsyncSalesforce], Awaitable[None]]) -> None:
    async def session() -> None:
        async with httpx.AsyncClient(transport=ToTls(served, trusted)) as http:
            await talk(AsyncSalesforce(http, base_url=f"https://{MY_DOMAIN}.salesforce.com", auth=auth, version="62.0"))

    with ThreadPoolExecutor(1) as apart:  # a browser that is open in this thread has a loop of its own running
        apart.submit(lambda: asyncio.run(session())).result()


def test_aiosalesforce_queries_and_writes_rows(served: Served, trusted: Path, call: OrgCaller) -> None:
    call.lever("records", leads(2_500))

    async def talk(client: AsyncSalesforce) -> None:
        rows = [row async for row in client.query("SELECT LastName FROM Lead WHERE Company = 'Many' ORDER BY LastName")]
        assert [row["LastName"] for row in rows] == [f"L{number:05}" for number in range(2_500)]
        made = await client.sobject.create("Lead", {"LastName": "New", "Company": "C"})
        await client.sobject.update("Lead", made, {"LastName": "Newer"})
        assert (await client.sobject.get("Lead", made, fields=["LastName"]))["LastName"] == "Newer"
        upserted = await client.sobject.upsert("Lead", "r-2", "Ref__c", {"LastName": "E"})
        assert (upserted.id, upserted.created) == (EVE, False)
        await client.sobject.delete("Lead", made)
        deleted = [row["Id"] async for row in client.query("SELECT Id FROM Lead WHERE IsDeleted = TRUE", include_all_records=True)]
        assert deleted == [made]
        assert (await client.get_limits())["DailyApiRequests"]["Max"] == 15_000

    asynchronously(served, trusted, ClientCredentialsFlow("sandbox", "sandbox"), talk)


def test_aiosalesforce_composes_and_batches(served: Served, trusted: Path) -> None:
    async def talk(client: AsyncSalesforce) -> None:
        async with client.composite(all_or_none=True) as composed:
            account = composed.sobject.create("Account", {"Name": "New"})
            contact = composed.sobject.create("Contact", {"LastName": "C", "AccountId": str(account.reference.id)})
            found = composed.query("SELECT LastName, Account.Name FROM Contact")
        assert contact.id.startswith("003")
        assert [(row["LastName"], row["Account"]["Name"]) for row in found.records] == [("C", "New")]
        async with client.composite.batch() as batch:
            ada, nobody = batch.sobject.get("Lead", ADA), batch.sobject.get("Lead", an_id("00Q", 99))
        assert (ada.record["LastName"], nobody.status_code) == ("Ada", 404)

    asynchronously(served, trusted, ClientCredentialsFlow("sandbox", "sandbox"), talk)


def test_aiosalesforce_loads_rows_in_bulk_and_logs_in_with_a_jwt(served: Served, trusted: Path, tmp_path: Path, call: OrgCaller) -> None:
    private, public = key_pair()
    (tmp_path / "key.pem").write_text(private)
    call.lever("salesforce/app", {"certificate": public})

    async def talk(client: AsyncSalesforce) -> None:
        result = await client.bulk_v2.insert("Lead", [{"LastName": "One", "Company": "C"}, {"LastName": None, "Company": "C"}])
        assert [len(rows) for rows in (result.successful_results, result.failed_results, result.unprocessed_records)] == [1, 1, 0]

    asynchronously(served, trusted, JwtBearerFlow("sandbox", "ann@example.com", tmp_path / "key.pem"), talk)
    assert call.told("SELECT CreatedById FROM Lead WHERE LastName = 'One'", "CreatedById") == [ANN]


def test_aiosalesforce_tries_again_what_may_go_better(served: Served, trusted: Path, call: OrgCaller) -> None:
    call.lever(
        "faults",
        [{"status": 503, "path": "*/sobjects/Lead/*", "count": 1}, {"status": 401, "path": "*/sobjects/Lead/*", "after": 1, "count": 1}],
    )

    async def talk(client: AsyncSalesforce) -> None:
        assert (await client.sobject.get("Lead", ADA))["LastName"] == "Ada"

    asynchronously(served, trusted, ClientCredentialsFlow("sandbox", "sandbox"), talk)
    assert [each["status"] for each in call.get("/_sandbox/requests")["requests"]] == [200, 503, 401, 200, 200]
