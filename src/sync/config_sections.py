"""The tables of config.toml: every key with its unit and its default. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from sync.agreement.recurrence import read_recurrence
from sync.agreement.schema_words import SpanText, WallSpanText
from sync.agreement.spans import parse_span
from sync.agreement.words import WordError
from sync.occasions import OFF
from sync.shape import Table, Text, matching, wrong

Portion = Annotated[float, Field(gt=0, le=1)]
Whole = Annotated[int, Field(ge=1)]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, seen by nobody else."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(text: str) -> str:
    """Return an address without its last slash; plain http only to this machine, as the token travels with each call."""
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise wrong("an address such as https://api.hubapi.com", fix="correct the host or the port") from None
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or parts.username:
        raise wrong("an address such as https://api.hubapi.com", fix="write scheme and host, and nothing after the path")
    if parts.scheme == "http" and not is_loopback(host):
        raise wrong("https", fix="use https://; plain http is for this machine only (127.0.0.1, ::1, localhost)")
    return text.strip().rstrip("/")


def one_word(value: SecretStr) -> SecretStr:
    """Return a secret without the white space around it; refused unseen where it cannot travel in a header."""
    text = value.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise wrong("one word of ASCII letters, digits and signs", fix="copy it again, and nothing around it")
    return SecretStr(text)


class HubSpotSettings(Table):
    """`[hubspot]`: the connection; it exists as soon as the table or its token does."""

    token: Annotated[SecretStr, AfterValidator(one_word)]
    client_secret: Annotated[SecretStr, AfterValidator(one_word)] | None = None
    base_url: Annotated[str, AfterValidator(_address)] = "https://api.hubapi.com"
    api_version: Annotated[Text, matching(r"\d{4}-\d{2}", "a dated version such as 2026-09", fix="remove the line to use the default")] = (
        "2026-09"
    )
    app_id: Annotated[str | None, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = None
    burst_share: Portion = 0.6
    max_share: Portion = 0.2
    floor: Annotated[float, Field(ge=0, lt=1)] = 0.15
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    deadline: WallSpanText = timedelta(hours=4)


class RolesSection(Table):
    """`[roles]`: which CRM plays which part; by default HubSpot is Marketing's and Salesforce is Sales'; a single one plays both."""

    marketing: Text | None = None
    sales: Text | None = None


class SyncSection(Table):
    """`[sync]`: how two CRMs are kept in step by what is between them; wall time."""

    lag: WallSpanText = timedelta(minutes=30)
    delivered_within: WallSpanText = timedelta(hours=1)


class AuthoritySection(Table):
    """`[authority]`: which CRM is believed where both hold a value and differ."""

    owner: Text | None = None
    fields: Mapping[str, Text] = Field(default_factory=dict)
    stages: Mapping[str, Text] = Field(default_factory=dict)


class FilesSection(Table):
    """`[files]`: paths, relative to the folder of config.toml."""

    agreement: Text = "agreement.toml"
    roster: Text = "roster.toml"
    store: Text = "leadpact.db"


class Mode(StrEnum):
    """How far leadpact may go, from the strictest on."""

    OBSERVE = "observe"
    REMIND = "remind"
    ENFORCE = "enforce"


class ModeSection(Table):
    """`[mode]`: how far leadpact may go, for every rule or for some."""

    default: Mode = Mode.OBSERVE
    rules: Mapping[str, Mode] = Field(default_factory=dict)
    teams: Mapping[str, Mode] = Field(default_factory=dict)

    def of(self, rule: str, team: str | None) -> Mode:
        """Return the mode of a rule for a team: the strictest that speaks for either, else the default."""
        spoken = [mode for mode in (self.rules.get(rule), self.teams.get(team or "")) if mode is not None]
        return min(spoken or [self.default], key=list(Mode).index)


class LimitsSection(Table):
    """`[limits]`: how much may change before a person must say yes. Shares are of the rule's open cycles."""

    moves_per_run: Whole = 25
    moves_per_hour: Whole = 40
    moves_per_day: Whole = 100
    moves_share: Portion = 0.1
    moves_at_least: Whole = 5
    assignments_per_run: Whole = 50
    assignments_per_hour: Whole = 100
    assignments_per_day: Whole = 400
    offboard_moves: Whole = 500
    stamps_per_run: Whole = 2000
    reminders_per_owner_and_hour: Whole = 20
    held_for: WallSpanText = timedelta(hours=24)
    smallest_pull_share: Annotated[float, Field(ge=0, le=1)] = 0.5


class SettleSection(Table):
    """`[settle]`: how long after a deadline late news may still arrive."""

    moves: WallSpanText = timedelta(minutes=30)


class ActSection(Table):
    """`[act]`: which breaches are still acted on."""

    max_act_age: SpanText = parse_span("2 business days")
    move_open_tasks: bool = False


class BackupSection(Table):
    """`[backup]`: copies of the store."""

    keep: Whole = 7


class RetentionSection(Table):
    """`[retention]`: how long what a CRM no longer has is kept; wall time."""

    deleted: WallSpanText = timedelta(days=90)


class ReconcileSection(Table):
    """`[reconcile]`: how far back the nightly comparison goes; wall time."""

    writes: WallSpanText = timedelta(days=30)


class DaemonSection(Table):
    """`[daemon]`: how often it looks, and when it does what; wall time, in the agreement's zone."""

    poll: Annotated[WallSpanText, Field(ge=timedelta(seconds=1))] = timedelta(seconds=60)
    calm_poll: WallSpanText = timedelta(minutes=5)
    nightly_at: Annotated[str, matching(r"([01]\d|2[0-3]):[0-5]\d|off", "a time such as 03:00, or off", fix="write hours and minutes")] = (
        "03:00"
    )
    stop_within: WallSpanText = timedelta(seconds=20)


def _recurring(text: str) -> str:
    """Return a text that says on which days something comes back, or `off`."""
    if text != OFF:
        try:
            read_recurrence(text)
        except WordError as error:
            raise wrong(f"{OFF}, or {error.expected}", fix=error.fix) from None
    return text


def _within_a_week(span: timedelta) -> timedelta:
    if span > timedelta(days=7):
        raise wrong("7 days at most", fix="write a shorter time, such as 2 hours")
    return span


class ReportsSection(Table):
    """`[reports]`: which reports are made by themselves, and where they are kept."""

    every: Annotated[Text, AfterValidator(_recurring)] = OFF
    before: Annotated[WallSpanText, AfterValidator(_within_a_week)] = timedelta(hours=2)
    meetings: Annotated[bool, Field(strict=True)] = True
    folder: Text = "reports"  # relative to that of the store
    keep: Whole = 100


class LogSection(Table):
    """`[log]`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json", "journald"] = "auto"
