"""What stands in an org before anybody wrote anything: its row, its first user, the values of its picklists."""

from __future__ import annotations

from sandbox.salesforce.ids import Mint
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import choices
from sandbox.salesforce.store import Store

_FORECAST_OF = {"closed won": "Closed", "closed": "Omitted", "": "Pipeline"}
_MEMBER_STAMPS = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")


def furnish(store: Store) -> str:
    """Add the org's row, its integration user and its status values; the user's id."""
    mint = Mint(pod="gP0")  # other ids than those that are given out later
    user = mint.new("005")
    now = store.now()
    stamps: Row = {"CreatedDate": now, "CreatedById": user, "LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
    store.put("User", user, {"Id": user, **_INTEGRATION_USER, **stamps})
    org = mint.new("00D")
    store.put("Organization", org, {"Id": org, **_ORGANIZATION, **stamps})
    for place, (value, marks) in enumerate(choices("lead_status"), 1):
        row = _choice(value, marks, place) | {"IsConverted": "converted" in marks}
        store.add("LeadStatus", {**row, **stamps})
    for place, (value, marks) in enumerate(choices("task_status"), 1):
        store.add("TaskStatus", {**_choice(value, marks, place), "IsClosed": "closed" in marks, **stamps})
    for place, (value, marks) in enumerate(choices("stage"), 1):
        store.add("OpportunityStage", {**_stage(value, marks, place), **stamps})
    return user


_INTEGRATION_USER: Row = {
    "Username": "integration@practice.example",
    "FirstName": "Integration",
    "LastName": "User",
    "Name": "Integration User",
    "Email": "integration@practice.example",
    "Alias": "iuser",
    "CommunityNickname": "integration",
    "IsActive": True,
    "UserType": "Standard",
    "TimeZoneSidKey": "America/New_York",
    "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
}
_ORGANIZATION: Row = {
    "Name": "Practice Org",
    "TimeZoneSidKey": "America/New_York",
    "DefaultLocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "OrganizationType": "Developer Edition",
    "InstanceName": "PRA1",
    "IsSandbox": False,
    "FiscalYearStartMonth": 1,
}


def _choice(value: str, marks: list[str], place: int) -> Row:
    return {"MasterLabel": value, "ApiName": value, "SortOrder": place, "IsDefault": "default" in marks}


def _stage(value: str, marks: list[str], place: int) -> Row:
    row = _choice(value, marks, place)
    del row["IsDefault"]
    forecast = _FORECAST_OF[" ".join(mark for mark in marks if mark in ("closed", "won"))]
    numbers = [float(mark) for mark in marks if mark.isdigit()]
    return {
        **row,
        "IsActive": True,
        "IsClosed": "closed" in marks,
        "IsWon": "won" in marks,
        "DefaultProbability": numbers[0],
        "ForecastCategory": forecast,
        "ForecastCategoryName": forecast,
    }


def add_member_statuses(store: Store, campaign: Row) -> None:
    """Give a campaign the member statuses that every one begins with."""
    stamps = {name: campaign[name] for name in _MEMBER_STAMPS}
    for place, (label, marks) in enumerate(choices("member_status"), 1):
        row = {"CampaignId": campaign["Id"], "Label": label, "SortOrder": place, "IsDefault": "default" in marks}
        store.add("CampaignMemberStatus", {**row, "HasResponded": label == "Responded", "IsDeleted": False, **stamps})
