"""A client of Salesforce's that talks to prepared answers, in the shape of recorded ones."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import ConnectorError
from connectors.pacing import RetryPolicy, Waiting
from connectors.salesforce.client import Client
from connectors.salesforce.settings import SalesforceSettings
from tests.contract.scripted import Said, Script, scripted

TOKEN = "00Dxx!planted.secret.token"
SECRET = "planted-consumer-secret"
PATH = "/services/data/v62.0/query"
ROWS = {"totalSize": 0, "done": True, "records": []}
SESSION_OVER = Said(status=401, body=[{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
GIVEN = Said(body={"access_token": TOKEN, "instance_url": "https://practice.my.salesforce.com", "token_type": "Bearer"})


class Waited:
    """A time of its own for each client; sleeping passes it and is noted."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def a_client(server: Script, waited: Waited | None = None, **settings: Any) -> Client:
    waited = waited or Waited()
    given = {"my_domain": "practice.my", "base_url": server.url, "retry": RetryPolicy(tries=3), "user_agent": "leadpact/1.2"}
    given |= settings if {"consumer_key", "password"} & set(settings) else {"session_id": TOKEN} | settings
    return Client(SalesforceSettings(**given), Waiting(monotonic=lambda: waited.now_s, sleep=waited.sleep))


def an_app(server: Script, **settings: Any) -> Client:
    return a_client(server, consumer_key="key", **({"consumer_secret": SECRET} | settings))


def errors(code: str, message: str = "", **members: Any) -> list[dict[str, Any]]:
    return [{"message": message, "errorCode": code, **members}]


def refusal(*answers: Said, **settings: Any) -> ConnectorError:
    with scripted(*answers) as server, pytest.raises(ConnectorError) as refused:
        a_client(server, **settings).get(PATH, {"q": "SELECT Id FROM Lead"})
    assert TOKEN not in f"{refused.value} {refused.value.fix}"
    assert SECRET not in f"{refused.value} {refused.value.fix}"
    assert refused.value.__cause__ is None
    return refused.value
