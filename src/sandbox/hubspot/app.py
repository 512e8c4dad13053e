"""The practice HubSpot as an ASGI app: what every call passes, and all of its routes."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from sandbox.calls import CallLog
from sandbox.faults import Faults
from sandbox.hubspot import account, answers, associations, batch, defining, lists, oauth, objects, owners, schema, search
from sandbox.hubspot.door import Door
from sandbox.hubspot.faulting import Faulting
from sandbox.hubspot.finding import SearchIndex
from sandbox.hubspot.gate import Gate
from sandbox.hubspot.limiting import Limiting
from sandbox.limits import Allowance
from sandbox.portal import Portal
from sandbox.refusals import Missing, Refusal
from sandbox.tokens import Tokens

_ROUTES = [
    *batch.ROUTES,
    *search.ROUTES,
    *objects.ROUTES,
    *associations.ROUTES,
    *lists.ROUTES,
    *owners.ROUTES,
    *defining.ROUTES,
    *schema.ROUTES,
    *account.ROUTES,
    *oauth.ROUTES,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What every call is held against on its way, each settable by the control path."""

    calls: CallLog = field(default_factory=CallLog)
    allowance: Allowance
    faults: Faults = field(default_factory=Faults)
    tokens: Tokens


def make_hubspot(portal: Portal, checks: Checks) -> ASGIApp:
    """The API of `portal`; a call passes the log, the limits, the faults and the door, in this order."""
    app = Starlette(
        routes=_ROUTES,
        exception_handlers={Refusal: answers.refused, Missing: answers.missing, HTTPException: answers.not_served},
    )
    app.router.redirect_slashes = False
    app.state.portal = portal
    app.state.tokens = checks.tokens
    app.state.allowance = checks.allowance
    app.state.searches = SearchIndex()
    zipped = GZipMiddleware(app, minimum_size=500, compresslevel=3)
    door = Door(zipped, tokens=checks.tokens)
    faulting = Faulting(door, faults=checks.faults, allowance=checks.allowance)
    limiting = Limiting(faulting, portal=portal, allowance=checks.allowance, tokens=checks.tokens)
    return Gate(limiting, portal=portal, calls=checks.calls)
