"""The practice Salesforce over HTTP: what is around and in front of its records."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
import urllib3

from sandbox.server import Served, serve
from tests.contract.practice import Caller, a_portal
from tests.contract.practice_org import ADA, ANN, EVE, IVY, LINES, OrgCaller, V, an_org, leads, refused


@pytest.fixture
def served() -> Iterator[Served]:
    with serve(org=an_org()) as served:
        yield served


@pytest.fixture
def call(served: Served) -> OrgCaller:
    return OrgCaller(served)


def test_the_versions_are_listed_for_everybody_and_the_resources_for_those_with_a_session(served: Served, call: OrgCaller) -> None:
    stranger = OrgCaller(served, token=None)
    versions = stranger.get("/services/data")
    assert (versions[0], versions[-1]["version"]) == ({"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}, "67.0")
    assert call.get(V)["query"] == f"{V}/query"
    assert refused(stranger("GET", V)) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(
    "path", ["/services/data/v30.0/limits", "/services/data/v68.0/query?q=x", f"{V}/nothing", f"{V}/sobjects/Foo/describe"]
)
def test_what_is_not_there_is_not_found(call: OrgCaller, path: str) -> None:
    status, body, _ = call("GET", path)
    assert (status, body) == (404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])


def test_a_method_that_a_resource_has_not_is_named_with_those_it_has(call: OrgCaller) -> None:
    status, body, headers = call("PUT", f"{V}/sobjects/Lead/{ADA}", {})
    assert (status, body[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(headers["allow"].split(",")) == {"GET", "PATCH", "DELETE"}


def test_a_uri_that_is_too_long_gets_a_page(call: OrgCaller) -> None:
    status, body, headers = call("GET", f"{V}/query?q={'x' * 16_384}")
    assert (status, headers["content-type"].split(";")[0]) == (414, "text/html")
    assert "414" in body


def test_every_answer_tells_the_calls_of_the_day_and_the_org_s_time(call: OrgCaller) -> None:
    first, second = call("GET", f"{V}/limits")[2], call("GET", f"{V}/sobjects/Lead/{ADA[:-3]}xxx")[2]
    assert [each["sforce-limit-info"] for each in (first, second)] == ["api-usage=1/15000", "api-usage=2/15000"]
    assert first["date"] == "Fri, 20 Nov 2026 15:00:00 GMT"
    assert call.get(f"{V}/limits")["DailyApiRequests"] == {"Max": 15_000, "Remaining": 14_997}


def test_the_day_that_is_spent_is_refused_until_it_is_24_hours_ago(call: OrgCaller) -> None:
    call.lever("salesforce/limits", {"daily": 2})
    assert [call("GET", f"{V}/limits")[0] for _ in range(3)] == [200, 200, 403]
    status, body, headers = call("GET", f"{V}/limits")
    assert (status, body) == (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
    assert headers["sforce-limit-info"] == "api-usage=2/2"
    call.lever("clock", {"advance_s": 86_400})
    assert call("GET", f"{V}/limits")[2]["sforce-limit-info"] == "api-usage=1/2"


def test_the_calls_of_others_count_too(call: OrgCaller) -> None:
    assert call.lever("salesforce/limits", {"elsewhere": 14_999}) == {"daily": 15_000, "elsewhere": 14_999, "app": None, "used": 14_999}
    assert call("GET", f"{V}/limits")[2]["sforce-limit-info"] == "api-usage=15000/15000"
    assert refused(call("GET", f"{V}/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_an_app_with_a_limit_of_its_own_is_told_of_it_too(call: OrgCaller) -> None:
    call.lever("salesforce/limits", {"app": ["ours", 2], "elsewhere": 100})
    usages = [call("GET", f"{V}/limits")[2]["sforce-limit-info"] for _ in range(2)]
    assert usages[1] == "api-usage=102/15000; per-app-api-usage=2/2(appName=ours)"
    assert refused(call("GET", f"{V}/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert call.lever("salesforce/limits", {"app": None})["app"] is None
    assert call("GET", f"{V}/limits")[2]["sforce-limit-info"] == "api-usage=103/15000"


def test_a_query_has_pages_of_two_thousand_and_a_locator_for_each_but_the_first(call: OrgCaller) -> None:
    call.lever("records", leads(4_100))
    soql = "SELECT Id, LastName FROM Lead WHERE Company = 'Many' ORDER BY LastName"
    first = call.query(soql)
    assert (first["totalSize"], first["done"], len(first["records"])) == (4_100, False, 2_000)
    assert first["nextRecordsUrl"].startswith(f"{V}/query/0r8")
    assert first["nextRecordsUrl"].endswith("-2000")
    second = call.get(first["nextRecordsUrl"])
    third = call.get(second["nextRecordsUrl"])
    assert (second["nextRecordsUrl"][-5:], third["done"], "nextRecordsUrl" in third) == ("-4000", True, False)
    names = [row["LastName"] for page in (first, second, third) for row in page["records"]]
    assert names == [f"L{number:05}" for number in range(4_100)]
    assert call.get(second["nextRecordsUrl"]) == third  # a page can be had again


@pytest.mark.parametrize(("asked", "rows"), [("batchSize=300", 300), ("batchSize=1", 200), ("batchSize=9999", 2_000), ("nonsense", 2_000)])
def test_a_page_is_as_long_as_its_header_asks_within_bounds(call: OrgCaller, asked: str, rows: int) -> None:
    call.lever("records", leads(2_100))
    page = call.query("SELECT Id FROM Lead", **{"Sforce-Query-Options": asked})
    assert (len(page["records"]), page["nextRecordsUrl"].rpartition("-")[2]) == (rows, str(rows))


def test_a_page_may_be_shorter_than_was_asked_for(call: OrgCaller) -> None:
    assert call.lever("salesforce/api", {"page_rows": 2})["page_rows"] == 2
    page = call.query("SELECT Id FROM Lead ORDER BY Id", **{"Sforce-Query-Options": "batchSize=300"})
    rest = call.get(page["nextRecordsUrl"])
    assert [row["Id"] for row in (*page["records"], *rest["records"])] == [ADA, EVE, IVY]
    assert (page["totalSize"], page["done"], rest["done"]) == (3, False, True)


def test_a_cursor_keeps_its_rows_but_shows_what_they_hold_now(call: OrgCaller) -> None:
    call.lever("records", leads(300))
    page = call.query("SELECT Id, LastName FROM Lead WHERE Company = 'Many' ORDER BY LastName", **{"Sforce-Query-Options": "batchSize=200"})
    last = call.query("SELECT Id FROM Lead WHERE LastName = 'L00299'")["records"][0]["Id"]
    assert call("PATCH", f"{V}/sobjects/Lead/{last}", {"LastName": "A", "Company": "Other"})[0] == 204
    rows = call.get(page["nextRecordsUrl"])["records"]
    assert (len(rows), rows[-1]["LastName"]) == (100, "A")


def test_a_cursor_lives_two_days_and_is_its_user_s(served: Served, call: OrgCaller) -> None:
    call.lever("records", leads(300))
    page = call.query("SELECT Id FROM Lead", **{"Sforce-Query-Options": "batchSize=200"})
    call.lever("clock", {"advance_s": 2 * 86_400 - 1})
    assert call("GET", page["nextRecordsUrl"])[0] == 200
    call.lever("clock", {"advance_s": 1})
    assert refused(call("GET", page["nextRecordsUrl"])) == (400, "INVALID_QUERY_LOCATOR")
    assert refused(call("GET", f"{V}/query/0r8AAAAAAAAAAAAAAA-2000")) == (400, "INVALID_QUERY_LOCATOR")


def test_query_hides_what_is_deleted_and_queryall_shows_it(call: OrgCaller) -> None:
    assert call("DELETE", f"{V}/sobjects/Lead/{IVY}")[0] == 204
    soql = "SELECT Id, IsDeleted FROM Lead ORDER BY Id"
    assert [row["Id"] for row in call.query(soql)["records"]] == [ADA, EVE]
    assert [row["IsDeleted"] for row in call.query(soql, "queryAll")["records"]] == [False, False, True]


def test_a_query_without_words_and_one_that_is_wrong_are_refused(call: OrgCaller) -> None:
    assert refused(call("GET", f"{V}/query")) == (400, "MALFORMED_QUERY")
    assert refused(call("GET", f"{V}/query?q=SELECT+Id+FROM+Lead+WHERE")) == (400, "MALFORMED_QUERY")
    assert refused(call("GET", f"{V}/query?q=SELECT+Nix+FROM+Lead")) == (400, "INVALID_FIELD")


def test_more_groups_than_a_page_holds_are_refused(call: OrgCaller) -> None:
    call.lever("records", leads(2_100))
    answer = call("GET", f"{V}/query?q=SELECT+LastName,COUNT(Id)+FROM+Lead+GROUP+BY+LastName")
    assert refused(answer) == (400, "EXCEEDED_ID_LIMIT")


def test_a_row_is_made_read_changed_and_deleted(call: OrgCaller) -> None:
    status, made, headers = call("POST", f"{V}/sobjects/Lead", {"LastName": "New", "Company": "Ten"})
    assert (status, made["success"], made["errors"]) == (201, True, [])
    path = f"{V}/sobjects/Lead/{made['id']}"
    assert headers["location"] == path
    assert call.get(f"{path}?fields=LastName,Company") == {
        "attributes": {"type": "Lead", "url": path},
        "LastName": "New",
        "Company": "Ten",
        "Id": made["id"],
    }
    assert call("PATCH", path, {"LastName": "Newer"})[:2] == (204, "")
    assert call.get(path)["LastName"] == "Newer"
    assert call("DELETE", path)[:2] == (204, "")
    assert call("GET", path)[0] == 404


def test_a_row_is_changed_only_if_nobody_else_did_since(call: OrgCaller) -> None:
    path = f"{V}/sobjects/Lead/{ADA}"
    seen = call("GET", path)[2]["last-modified"]
    call.lever("clock", {"advance_s": 60})
    assert call("PATCH", path, {"LastName": "Mine"}, headers={"If-Unmodified-Since": seen})[0] == 204
    assert call("PATCH", path, {"LastName": "Late"}, headers={"If-Unmodified-Since": seen})[0] == 412
    assert call("PATCH", path, {"LastName": "Odd"}, headers={"If-Unmodified-Since": "yesterday"})[0] == 400
    assert call.get(path)["LastName"] == "Mine"


def test_a_row_is_read_only_if_it_changed_since(call: OrgCaller) -> None:
    path = f"{V}/sobjects/Lead/{ADA}"
    seen = call("GET", path)[2]["last-modified"]
    status, body, headers = call("GET", path, headers={"If-Modified-Since": seen})
    assert (status, body, headers["sforce-limit-info"]) == (304, "", "api-usage=2/15000")
    call.lever("clock", {"advance_s": 60})
    call("PATCH", path, {"LastName": "Changed"})
    assert call("GET", path, headers={"If-Modified-Since": seen})[0] == 200


def test_a_row_is_found_made_and_changed_by_its_external_id(call: OrgCaller) -> None:
    assert call.get(f"{V}/sobjects/Lead/Ref__c/r-2")["Id"] == EVE
    assert call("PATCH", f"{V}/sobjects/Lead/Ref__c/r-2", {"Company": "Two"})[:2] == (
        200,
        {"id": EVE, "success": True, "errors": [], "created": False},
    )
    status, made, _ = call("PATCH", f"{V}/sobjects/Lead/Ref__c/r-9", {"LastName": "Nine", "Company": "Nine"})
    assert (status, made["created"]) == (201, True)
    assert call.get(f"{V}/sobjects/Lead/Ref__c/r-9")["Id"] == made["id"]


def test_bodies_that_are_no_json_objects_are_refused(call: OrgCaller) -> None:
    path = f"{V}/sobjects/Lead"
    assert refused(call("POST", path, b"{", headers={"Content-Type": "application/json"})) == (400, "JSON_PARSER_ERROR")
    assert refused(call("POST", path, [1])) == (400, "JSON_PARSER_ERROR")
    assert refused(call("POST", path, b"<a/>", headers={"Content-Type": "application/xml"})) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_assignment_rules_run_unless_the_header_says_no(call: OrgCaller) -> None:
    call.lever("salesforce/assignment", {"entries": [["", ANN]]})
    path = f"{V}/sobjects/Lead/{EVE}"
    assert call("PATCH", path, {"Company": "Two"}, headers={"Sforce-Auto-Assign": "FALSE"})[0] == 204
    assert call.get(path)["OwnerId"] != ANN
    assert call("PATCH", path, {"Company": "Three"})[0] == 204
    assert call.get(path)["OwnerId"] == ANN


def test_a_duplicate_is_saved_where_the_header_allows_it(call: OrgCaller) -> None:
    call.lever("salesforce/duplicates", {"sobject": "Lead", "field": "Email"})
    values = {"LastName": "Ada", "Company": "Nine", "Email": "ada@example.com"}
    assert refused(call("POST", f"{V}/sobjects/Lead", values)) == (400, "DUPLICATES_DETECTED")
    assert (
        call("POST", f"{V}/sobjects/Lead", values, headers={"Sforce-Duplicate-Rule-Header": "allowSave=true; runAsCurrentUser=true"})[0]
        == 201
    )


def test_objects_are_described(call: OrgCaller) -> None:
    names = {each["name"] for each in call.get(f"{V}/sobjects")["sobjects"]}
    assert {"Lead", "Contact", "Task", "LeadHistory", "Group"} <= names
    assert call.get(f"{V}/sobjects/lead/describe")["name"] == "Lead"
    assert call.get(f"{V}/sobjects/Lead")["objectDescribe"]["keyPrefix"] == "00Q"


def test_what_was_updated_and_deleted_is_told(call: OrgCaller) -> None:
    span = "start=2026-11-20T14:00:00%2B00:00&end=2026-11-20T16:00:00%2B00:00"
    call("PATCH", f"{V}/sobjects/Lead/{ADA}", {"LastName": "Now"})
    call("DELETE", f"{V}/sobjects/Lead/{IVY}")
    assert ADA in call.get(f"{V}/sobjects/Lead/updated?{span}")["ids"]
    assert [row["id"] for row in call.get(f"{V}/sobjects/Lead/deleted?{span}")["deletedRecords"]] == [IVY]
    assert refused(call("GET", f"{V}/sobjects/Lead/updated?start=x&end=y")) == (400, "INVALID_REPLICATION_DATE")


def test_rows_are_counted(call: OrgCaller) -> None:
    assert call.get(f"{V}/limits/recordCount?sObjects=Lead,Account") == {
        "sObjects": [{"count": 3, "name": "Lead"}, {"count": 1, "name": "Account"}]
    }


def test_an_answer_is_zipped_for_those_who_ask(call: OrgCaller, served: Served) -> None:
    headers = {"Authorization": "Bearer sandbox", "Accept-Encoding": "gzip"}
    answer = urllib3.PoolManager().request("GET", f"{served.url}{V}/sobjects/Lead/describe", headers=headers, decode_content=False)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.data).startswith(b"{")


def test_the_log_tells_reads_from_writes_also_within_a_composite(call: OrgCaller) -> None:
    part = {"method": "GET", "url": f"{V}/limits", "referenceId": "a"}
    change = {"method": "PATCH", "url": f"{V}/sobjects/Lead/{ADA}", "referenceId": "b", "body": {"LastName": "B"}}
    call("POST", f"{V}/composite", {"compositeRequest": [part]})
    call("POST", f"{V}/composite", {"compositeRequest": [part, change]})
    call("POST", f"{V}/composite/sobjects/Lead", {"ids": [ADA], "fields": ["Id"]})
    call("PATCH", f"{V}/composite/sobjects", {"records": []})
    call("POST", f"{V}/jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"})
    call("POST", "/services/oauth2/token", form={"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"})
    log = call.get("/_sandbox/requests")["requests"]
    assert [each["is_write"] for each in log] == [False, True, False, True, False, False]
    assert (log[0]["results"], log[-1]["body"]) == (1, None)
    assert call.get("/_sandbox/stats")["salesforce"] == {"calls": 6, "reads": 4, "writes": 2}


def test_both_crms_are_served_at_one_port_with_one_clock_and_one_log() -> None:
    portal = a_portal()
    with serve(portal, org=an_org(clock=portal.clock)) as served:
        hubspot, salesforce = Caller(served), OrgCaller(served)
        assert hubspot("GET", "/crm/v3/objects/contacts/101")[0] == 200
        assert salesforce("GET", f"{V}/sobjects/Lead/{ADA}")[0] == 200
        salesforce.lever("clock", {"advance_s": 3_600})
        dates = [call("GET", path)[2]["date"] for call, path in ((hubspot, "/crm/v3/owners"), (salesforce, f"{V}/limits"))]
        assert dates == ["Fri, 20 Nov 2026 16:00:00 GMT"] * 2
        stats = salesforce.get("/_sandbox/stats")
        assert (stats["calls"], stats["hubspot"]["calls"], stats["salesforce"]["calls"]) == (4, 2, 2)
        assert (stats["records"]["contacts"], stats["records"]["Lead"]) == (3, 3)


def test_a_crm_that_is_not_served_is_not_there(call: OrgCaller) -> None:
    assert call("GET", "/crm/v3/objects/contacts")[0] == 404
    with serve(a_portal()) as served:
        assert OrgCaller(served)("GET", V)[0] == 404
        status, body, _ = OrgCaller(served)("POST", "/_sandbox/records", LINES)
    assert (status, body) == (400, {"problems": ["expected lines of a CRM that is served, not of salesforce"]})


def test_two_crms_with_two_clocks_are_not_served() -> None:
    with pytest.raises(ValueError, match="one clock"):
        serve(a_portal(), org=an_org())
    with pytest.raises(ValueError, match="or both"):
        serve()
