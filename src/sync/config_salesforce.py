"""`[salesforce]`: the connection to one Salesforce org, and what a login needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from sync.agreement.schema_words import WallSpanText
from sync.config_sections import Portion, Whole, one_word
from sync.long_ids import long_id
from sync.shape import Table, Text, matching, wrong

FIND_MY_DOMAIN = "in Salesforce: Setup, My Domain; write what stands before .salesforce.com, such as acme.my or acme--test.sandbox.my"
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_MY_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})?\.my")
_PAGES = re.compile(rf"(?P<name>{_LABEL}(\.{_LABEL})?)\.lightning\.force\.com")
_SHARED = {"login", "test", "www"}  # hosts that serve every org
_API_NAME = matching(r"[A-Za-z][A-Za-z0-9_]*", "the API name of a field of Lead", fix="write its API name, such as Last_Form_At__c")


def _my_domain(text: str) -> str:
    """Return `acme.my` for all that people copy as their My Domain: the name, the host or the address."""
    host = _host(text).removesuffix(".salesforce.com")
    if _MY_DOMAIN.fullmatch(host):
        return host
    if pages := _PAGES.fullmatch(host):
        raise wrong("the My Domain of your org, not the address of its pages", fix=f"did you mean `{pages['name']}.my`?")
    if host in _SHARED:
        raise wrong("the My Domain of your org: apps cannot log in at an address that all orgs share", fix=FIND_MY_DOMAIN)
    if re.fullmatch(rf"{_LABEL}(\.sandbox)?", host):
        raise wrong("a My Domain, which ends in .my", fix=f"did you mean `{host}.my`? {FIND_MY_DOMAIN}")
    raise wrong("the My Domain of your org, such as acme.my", fix=FIND_MY_DOMAIN)


def _host(text: str) -> str:
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def _practice_address(text: str) -> str:
    """Return the address of a practice org: plain http to a port of this machine, and nothing else."""
    if not re.fullmatch(r"http://127\.0\.0\.1:\d{1,5}/?", text):
        fix = "remove the line: a real org is reached by its my_domain; a practice org by http://127.0.0.1:PORT"
        raise wrong("an address of this machine, such as http://127.0.0.1:8081", fix=fix)
    return text.rstrip("/")


def _private_key(value: SecretStr) -> SecretStr:
    """Return a key in PEM; a variable that cannot hold lines may write \\n for each end of one."""
    text = value.get_secret_value().strip().replace("\\n", "\n")
    if "-----BEGIN" not in text or "PRIVATE KEY-----" not in text:
        raise wrong("a private key in PEM form (-----BEGIN PRIVATE KEY-----)", fix="give the key whose certificate you uploaded to the app")
    if "ENCRYPTED" in text:
        raise wrong("a private key without a passphrase", fix="take the passphrase off: openssl pkey -in server.key -out plain.key")
    return SecretStr(text)


def _user(text: str) -> str:
    if not re.fullmatch(r"005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", text):
        raise wrong("the id of a user: 15 or 18 letters that begin with 005", fix="copy it from the address of the user's page in Setup")
    return long_id(text)


Secret = Annotated[SecretStr, AfterValidator(one_word)]


class SalesforceSettings(Table):
    """`[salesforce]`: the connection; it exists as soon as the table or one of its secrets does."""

    my_domain: Annotated[Text, AfterValidator(_my_domain)]
    consumer_key: Text | None = None
    consumer_secret: Secret | None = None
    private_key: Annotated[SecretStr, AfterValidator(_private_key)] | None = None
    username: Text | None = None
    session_id: Secret | None = None
    api_version: Annotated[
        str,
        BeforeValidator(lambda value: str(value) if isinstance(value, float) else value),
        matching(r"[3-9]\d\.0", "a version such as 62.0", fix="remove the line to use the default"),
    ] = "62.0"
    user_id: Annotated[Text, AfterValidator(_user)] | None = None
    form_date_field: Annotated[Text, _API_NAME] | None = None
    form_name_field: Annotated[Text, _API_NAME] | None = None
    base_url: Annotated[Text, AfterValidator(_practice_address)] | None = None
    bulk_above: Whole = 20_000
    overlap: WallSpanText = timedelta(minutes=10)
    max_share: Portion = 0.1
    floor: Annotated[float, Field(ge=0, lt=1)] = 0.15
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 120.0
    deadline: WallSpanText = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFlaw:
    """Why one cannot log in with the keys that are given; `key` is the one to look at, empty for all."""

    key: str
    found: str
    expected: str
    fix: str


RETIRED = ("password", "security_token")
WAYS = {  # the secret that tells the way, and what else the way needs
    "consumer_secret": ("consumer_key",),
    "private_key": ("consumer_key", "username"),
    "session_id": (),
}
_SAID = {
    "consumer_key": "the consumer key of the External Client App",
    "consumer_secret": "a consumer secret (client credentials)",
    "private_key": "a private key (JWT)",
    "username": "the name of the user as whom leadpact logs in",
    "session_id": "a session id",
}
ONE_WAY = "one way to log in: a consumer secret, a private key, or a session id"


def login_flaws(given: Collection[str], *, how_to_give: str) -> Iterator[LoginFlaw]:
    """Yield what keeps the keys `given` from being exactly one complete way to log in; `how_to_give` says how to give a secret."""
    retired, ways = [key for key in RETIRED if key in given], [key for key in WAYS if key in given]
    for key in retired:
        yield LoginFlaw(
            key=key,
            found=f"a {key.replace('_', ' ')}, which is not shown",
            expected="a way to log in that Salesforce keeps: logging in by password is off in new orgs, and is being retired in all",
            fix="make an External Client App with client credentials (docs/how-to/salesforce.md), and take the password out",
        )
    if not ways and not retired:
        yield LoginFlaw(key="", found="no way to log in", expected=ONE_WAY, fix=how_to_give)
    if len(ways) > 1:
        found = " and ".join(_SAID[way] for way in ways)
        yield LoginFlaw(key="", found=found, expected="one of them: it would be left open who reads", fix="take out all but one")
    for way in ways if len(ways) == 1 else ():
        for key in WAYS[way]:
            if key not in given:
                yield LoginFlaw(
                    key=key, found="nothing", expected=f"{_SAID[key]}, which goes with {_SAID[way]}", fix=f"add `{key} = …` to [salesforce]"
                )
    if ways and "private_key" not in ways and "username" in given:
        yield LoginFlaw(
            key="username",
            found="a user's name without a private key",
            expected="a name for JWT alone: with client credentials leadpact is the app's run-as user",
            fix="remove it",
        )


def form_flaws(given: Collection[str]) -> Iterator[LoginFlaw]:
    """Yield the one of the two form fields that is missing beside the other."""
    fields = ("form_date_field", "form_name_field")
    for key, other in (fields, fields[::-1]):
        if key not in given and other in given:
            expected = f"both fields of a form or none: {other} stands alone"
            yield LoginFlaw(key=key, found="nothing", expected=expected, fix=f"add `{key} = …`, or remove {other}")
