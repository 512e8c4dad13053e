"""The practice Salesforce as an ASGI app: what every call passes, and all of its routes."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from sandbox.salesforce import answers, bulk_ingest, bulk_query, collections, composite, describing, oauth, query, sobjects
from sandbox.salesforce.checks import Checks
from sandbox.salesforce.door import Door
from sandbox.salesforce.faulting import Faulting
from sandbox.salesforce.gate import Gate
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import Refused

_ROUTES = [
    *oauth.ROUTES,
    *describing.ROUTES,
    *query.ROUTES,
    *sobjects.ROUTES,
    *collections.ROUTES,
    *composite.ROUTES,
    *bulk_query.ROUTES,
    *bulk_ingest.ROUTES,
]


def make_salesforce(org: Org, checks: Checks) -> ASGIApp:
    """The API of `org`; a call passes the log, the faults and the door, in this order."""
    app = Starlette(routes=_ROUTES, exception_handlers={Refused: answers.refused, HTTPException: answers.not_served})
    app.router.redirect_slashes = False
    app.state.org = org
    app.state.checks = checks
    zipped = GZipMiddleware(app, minimum_size=500, compresslevel=3)
    door = Door(zipped, org=org, checks=checks)
    return Gate(Faulting(door, checks=checks), clock=org.clock, calls=checks.calls)
