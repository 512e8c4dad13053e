"""The account, what its apps used today, and what a token belongs to."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import as_text
from sandbox.hubspot.answers import Json, portal_of
from sandbox.hubspot.asked import json_body
from sandbox.refusals import Refusal


async def details(request: Request) -> Response:
    """Portal id, kind of account, zone, currency."""
    portal = portal_of(request)
    account = portal.account
    offset = portal.clock.now().astimezone(ZoneInfo(account.time_zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    body = {
        "portalId": account.portal_id,
        "accountType": account.account_type,
        "timeZone": account.time_zone,
        "companyCurrency": account.company_currency,
        "additionalCurrencies": [],
        "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
        "utcOffsetMilliseconds": minutes * 60_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }
    return Json(body)


async def usage(request: Request) -> Response:
    """Calls of private apps today; the day ends at midnight in the account's zone."""
    portal, allowance = portal_of(request), request.app.state.allowance
    now, zone = portal.clock.now(), ZoneInfo(portal.account.time_zone)
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": allowance.limits.daily,
        "currentUsage": allowance.spent_today,
        "collectedAt": as_text(now),
        "fetchStatus": "SUCCESS",
        "resetsAt": as_text(tomorrow),
    }
    return Json({"results": [row]})


async def token_info(request: Request) -> Response:
    """The portal, user and app behind the token that the body names."""
    account, tokens = portal_of(request).account, request.app.state.tokens
    if (await json_body(request)).get("tokenKey") != tokens.private:
        raise Refusal("The token is not known.", status=404, category="OBJECT_NOT_FOUND")
    return Json({"userId": 1, "hubId": account.portal_id, "appId": account.app_id, "scopes": sorted(tokens.scopes)})


ROUTES = [
    Route("/account/details", details, methods=["GET"]),
    Route("/account/api-usage/daily/private-apps", usage, methods=["GET"]),
    Route("/app/get/access-token-info", token_info, methods=["POST"]),
]
