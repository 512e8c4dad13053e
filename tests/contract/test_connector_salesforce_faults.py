"""A practice org whose sessions end, whose answers break, whose day is over, or which lets nobody in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connectors.budget import DayShares
from connectors.errors import ConnectorError, Denied, Exhausted, Misconfigured, Unreachable
from connectors.pacing import RetryPolicy
from connectors.records import Page, RecordKey
from connectors.salesforce.connector import Salesforce
from tests.contract.connector_suite import MANY
from tests.contract.practice_salesforce import PracticeSalesforce, a_lead, an_id, connect, practice_salesforce
from tests.contract.scripted import Said, scripted
from tests.contract.scripted_salesforce import ROWS, errors

LONG = 4_100  # leads; three pages
EVERYBODY = [an_id("00Q", number) for number in range(LONG)]


@pytest.fixture(scope="module")
def org() -> Iterator[PracticeSalesforce]:
    with practice_salesforce(*(a_lead(number) for number in range(MANY, LONG))) as practice:
        yield practice


@pytest.fixture
def practice(org: PracticeSalesforce) -> Iterator[PracticeSalesforce]:
    """The org, as it was before a test."""
    yield org
    org.control("/faults", method="DELETE")
    org.deed("sessions", life_s=7_200, calls=None, direct="sandbox")
    org.deed("app", consumer_key="sandbox", consumer_secret="sandbox", run_as=True, approved=True, my_domain="practice.my")
    org.deed("api", disabled=False)
    org.deed("limits", daily=15_000, elsewhere=0)


def ids(pages: list[Page]) -> list[str]:
    return [record.key.id for page in pages for record in page.records]


def leads(connector: Salesforce) -> list[str]:
    return ids(list(connector.pages("Lead", None)))


def logins(practice: PracticeSalesforce, *, after: int) -> int:
    return sum(one["path"] == "/services/oauth2/token" for one in practice.requests()[after:])


# --- sessions


def test_a_session_that_is_ended_between_two_pages_is_followed_by_another(practice: PracticeSalesforce):
    before = len(practice.requests())
    pages = practice.connector().pages("Lead", None)
    first = next(pages)
    practice.deed("sessions", revoke=True)
    assert ids([first, *pages]) == EVERYBODY
    assert logins(practice, after=before) == 2


def test_sessions_that_last_for_one_call_are_renewed_for_every_call(practice: PracticeSalesforce):
    practice.deed("sessions", calls=1)
    before = len(practice.requests())
    assert leads(practice.connector()) == EVERYBODY
    assert logins(practice, after=before) == 3


@pytest.mark.parametrize("bulk_above", [1_000])
def test_a_session_that_is_ended_within_a_bulk_query_is_followed_by_another(practice: PracticeSalesforce, bulk_above: int):
    practice.deed("sessions", calls=1)
    assert leads(practice.connector(bulk_above=bulk_above)) == EVERYBODY


def test_sessions_that_are_never_accepted_end_in_a_refusal_and_not_in_a_circle(practice: PracticeSalesforce):
    practice.fault(status=401, path="/services/data/")
    before = len(practice.requests())
    with pytest.raises(Denied):
        leads(practice.connector())
    assert len(practice.requests()) - before == 4


def test_a_session_given_by_its_id_reads_and_is_not_renewed(practice: PracticeSalesforce):
    connector = practice.connector(session_id="sandbox")
    assert connector.account().id
    practice.deed("sessions", revoke=True)
    with pytest.raises(Denied, match="cannot be renewed"):
        connector.account()


def test_a_signed_assertion_logs_in():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    proof = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signing = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with practice_salesforce(now=datetime.now(UTC)) as practice:
        jwt: dict[str, Any] = {"consumer_secret": None, "private_key": signing, "username": "ann@example.com"}
        with pytest.raises(Denied, match="not approved") as refused:
            practice.connector(**jwt).account()
        practice.deed("app", certificate=proof)
        assert practice.connector(**jwt).account().crm == "salesforce"
    assert "Permitted Users" in refused.value.fix


# --- who is not let in


@pytest.mark.parametrize(
    ("settings", "app", "kind", "fix"),
    [
        ({"consumer_secret": "wrong"}, {}, Denied, "Consumer Key and Secret"),
        ({"consumer_key": "wrong"}, {}, Denied, "Consumer Key and Secret"),
        ({}, {"run_as": False}, Denied, "Run As"),
        ({"my_domain": "other.my"}, {}, Misconfigured, "Setup, My Domain"),
        ({"my_domain": "login"}, {}, Misconfigured, "Setup, My Domain"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_do(
    practice: PracticeSalesforce, settings: dict[str, Any], app: dict[str, Any], kind: type[ConnectorError], fix: str
):
    practice.deed("app", **app)
    with pytest.raises(kind) as refused:
        practice.connector(**settings).account()
    assert fix in refused.value.fix


def test_an_api_that_is_switched_off_is_denied(practice: PracticeSalesforce):
    practice.deed("api", disabled=True)
    with pytest.raises(Denied, match="switched off"):
        practice.connector().account()


def test_a_version_that_salesforce_does_not_offer_is_a_matter_of_configuration(practice: PracticeSalesforce):
    with pytest.raises(Misconfigured, match="nothing at") as refused:
        practice.connector(api_version="999.0").account()
    assert "salesforce.api_version" in refused.value.fix


# --- answers that break


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 502},
        {"status": 500, "code": "UNKNOWN_EXCEPTION"},
        {"status": 420},
        {"status": 406},
        {"status": 400, "code": "QUERY_TIMEOUT"},
        {"fault": "cut_json"},
        {"fault": "cut_body"},
        {"fault": "reset_before"},
        {"fault": "reset_after"},
    ],
)
@pytest.mark.parametrize("bulk_above", [20_000, 1_000])
def test_answers_that_break_are_asked_for_again_and_nothing_is_lost(practice: PracticeSalesforce, fault: dict[str, Any], bulk_above: int):
    practice.fault(every=2, path="/services/data/", **fault)
    assert leads(practice.connector(bulk_above=bulk_above)) == EVERYBODY


def test_a_login_that_breaks_is_tried_again(practice: PracticeSalesforce):
    practice.fault(status=503, path="/services/oauth2/", count=2)
    assert practice.connector().account().crm == "salesforce"


def test_an_org_that_is_down_is_given_up_and_what_was_read_stays_good(practice: PracticeSalesforce):
    practice.fault(status=503, after=1, path="/services/data/")
    pages = practice.connector(retry=RetryPolicy(tries=2)).pages("Lead", None)
    first = next(pages)
    with pytest.raises(Unreachable):
        next(pages)
    practice.control("/faults", method="DELETE")
    assert ids([first, *practice.connector().pages("Lead", first.cursor)]) == EVERYBODY


def test_a_cursor_that_is_lost_between_two_pages_loses_nothing(practice: PracticeSalesforce):
    practice.fault(fault="lost_cursor", count=1)
    assert leads(practice.connector()) == EVERYBODY


def test_a_part_of_a_call_that_fails_for_a_moment_is_asked_for_alone():
    busy = {"httpStatusCode": 400, "body": errors("QUERY_TIMEOUT"), "httpHeaders": {}, "referenceId": "part0"}
    fine = {"httpStatusCode": 200, "body": ROWS, "httpHeaders": {}, "referenceId": "part1"}
    with scripted(Said(body={"compositeResponse": [busy, fine]}), Said(body=ROWS)) as server:
        connector = connect(server.url, session_id="t")
        connector.expect({"Lead": None, "Task": None})
        assert [page.last for stream in ("Lead", "Task") for page in connector.pages(stream, None)] == [True, True]
    assert [heard.path.partition("?")[0] for heard in server.heard] == ["/services/data/v62.0/composite", "/services/data/v62.0/query"]


@pytest.mark.parametrize("body", [{"hello": "world"}, [], {"totalSize": 1, "done": False, "records": [], "nextRecordsUrl": {"x": 1}}])
def test_an_answer_of_somebody_else_is_a_matter_of_configuration(body: Any):
    with scripted(Said(body=body)) as server:
        connector = connect(server.url, session_id="t")
        for read in (lambda: list(connector.pages("Lead", None)), connector.account, lambda: list(connector.pages("definitions", None))):
            with pytest.raises(Misconfigured):
                read()


# --- the day's calls


def test_a_day_that_is_over_stops_a_pull_which_goes_on_where_it_stood(practice: PracticeSalesforce):
    connector = practice.connector(day=DayShares(max_share=1, floor=0))
    used = practice.deed("limits")["used"]
    practice.deed("limits", daily=used + 2)
    pages = connector.pages("Lead", None)
    read = [next(pages), next(pages)]
    with pytest.raises(Exhausted, match="last 24 hours") as over:
        next(pages)
    assert "what was read so far is kept" in over.value.fix
    practice.deed("limits", daily=15_000)
    assert ids([*read, *practice.connector().pages("Lead", read[-1].cursor)]) == EVERYBODY


def test_our_share_of_the_day_is_never_gone_beyond(practice: PracticeSalesforce):
    connector = practice.connector(day=DayShares(max_share=10 / 15_000, floor=0))
    connector.account()
    before = connector.usage().calls
    with pytest.raises(Exhausted, match="max_share"):
        while True:
            connector.count("Lead", created_before=practice.now)
    assert connector.usage().calls - before == 7  # of ten, a sweep may make eight


def test_what_others_use_up_is_left_to_them(practice: PracticeSalesforce):
    practice.deed("limits", elsewhere=13_000)
    connector = practice.connector()
    connector.account()
    with pytest.raises(Exhausted, match="floor"):
        leads(connector)


# --- and nothing is written


def test_reading_everything_writes_nothing(practice: PracticeSalesforce):
    before = sum(one["is_write"] for one in practice.requests())
    connector = practice.connector(bulk_above=1_000)
    connector.account()
    for stream in connector.streams():
        assert list(connector.pages(stream, None))
    list(connector.evidence([RecordKey("salesforce", "Lead", practice.persons[0])]))
    list(connector.archived("Lead"))
    list(connector.look_up("Lead", practice.persons[:1]))
    connector.queue_members()
    assert sum(one["is_write"] for one in practice.requests()) == before
