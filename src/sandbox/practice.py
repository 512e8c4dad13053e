"""What is served, as one app: the practice CRMs, each at its paths, and the control path."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import control, control_gate
from sandbox.calls import CallLog
from sandbox.clock import Clock
from sandbox.crms import Crm, crm_of
from sandbox.faults import Faults
from sandbox.hubspot.app import Checks, make_hubspot
from sandbox.limits import Allowance, Limits
from sandbox.portal import Portal
from sandbox.salesforce import levers
from sandbox.salesforce.app import make_salesforce
from sandbox.salesforce.checks import Checks as SalesforceChecks
from sandbox.salesforce.org import Org
from sandbox.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What is served: a portal with its bearer token and limits, an org, or both.

    Raises ValueError for neither, or for two that do not share a clock.
    """

    portal: Portal | None = None
    org: Org | None = None
    token: str = "sandbox"
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.portal is None and self.org is None:
            raise ValueError("a portal, an org, or both")
        if self.portal is not None and self.org is not None and self.portal.clock is not self.org.clock:
            raise ValueError("a portal and an org with one clock")

    @property
    def clock(self) -> Clock:
        """The one clock of all that is served."""
        held = self.portal if self.portal is not None else self.org
        assert held is not None
        return held.clock


def make_app(practice: Practice) -> ASGIApp:
    """The APIs of what is served, and the control path under `/_sandbox/`."""
    calls, faults = CallLog(), Faults()
    apps: dict[Crm, ASGIApp] = {}
    routes: list[BaseRoute] = [*control.ROUTES, *control_gate.SHARED]
    state: dict[str, object] = {"practice": practice, "clock": practice.clock, "calls": calls, "faults": faults}
    if practice.portal is not None:
        allowance = Allowance(practice.limits or Limits())
        checks = Checks(calls=calls, allowance=allowance, faults=faults, tokens=Tokens(private=practice.token))
        apps["hubspot"] = make_hubspot(practice.portal, checks)
        routes += [*control.OF_PORTAL, *control_gate.OF_HUBSPOT]
        state |= {"portal": practice.portal, "checks": checks}
    if practice.org is not None:
        salesforce = SalesforceChecks(calls=calls, faults=faults)
        apps["salesforce"] = make_salesforce(practice.org, salesforce)
        routes.append(Mount("/salesforce", routes=levers.ROUTES))
        state |= {"org": practice.org, "salesforce": salesforce}
    app = _Switch(apps, _control(routes, state))
    return app if practice.portal is None else _Saving(app, portal=practice.portal)


def _control(routes: list[BaseRoute], state: dict[str, object]) -> Starlette:
    app = Starlette(routes=[Mount("/_sandbox", routes=routes)])
    for name, value in state.items():
        setattr(app.state, name, value)
    return app


class _Switch:
    """Sends each call to the CRM that its path belongs to, or to the control path."""

    def __init__(self, apps: dict[Crm, ASGIApp], control_app: ASGIApp) -> None:
        self._apps = apps
        self._control = control_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on."""
        path = scope["path"]
        chosen = self._control if path.startswith("/_sandbox/") else self._apps.get(crm_of(path), _not_served)
        await chosen(scope, receive, send)


async def _not_served(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for a CRM that is not served here."""
    await PlainTextResponse(f"no practice {crm_of(scope['path'])} is served here\n", 404)(scope, receive, send)


class _Saving:
    """Saves the portal before an answer goes out, so that what was answered is kept."""

    def __init__(self, app: ASGIApp, *, portal: Portal) -> None:
        self._app = app
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._portal.save()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._portal.save()  # what was done is kept too where no answer went out
