"""Faults on demand: rules that choose calls, and what goes wrong with those."""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.crms import Crm, crm_of
from sandbox.limits import Form

Name = Literal["reset_before", "reset_after", "slow", "cut_body", "cut_json", "stale_search", "lost_cursor"]
Status = Literal[400, 401, 403, 404, 406, 420, 423, 429, 477, 500, 502, 503, 504, 524]
_GLOB = frozenset("*?[")
_OF_HUBSPOT = frozenset({"423", "477", "524", "stale_search"})  # what goes wrong there alone
_OF_SALESFORCE = frozenset({"400", "406", "420", "lost_cursor"})
_PATHS = {"stale_search": "*/search", "lost_cursor": "*/query*/0r8*"}


class Rule(BaseModel):
    """Which calls go wrong, and how: exactly one of `status` and `fault`.

    Among the calls to `crm`, of `method`, whose path begins with `path` (or fits it, if it holds `*`, `?` or `[`) the first
    `after` are served as ever; then every `every`-th goes wrong with `probability`, until `count` have.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    crm: Crm | None = None
    path: str = "/"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    every: Annotated[int, Field(ge=1)] = 1
    count: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int = 0
    status: Status | None = None
    fault: Name | None = None
    retry_after: Annotated[int, Field(ge=0)] | None = None  # seconds, with a status
    form: Form | None = None  # of a 429's body
    code: Annotated[str, Field(min_length=1)] | None = None  # Salesforce's errorCode, with a status
    message: str | None = None  # beside the code
    seconds: Annotated[float, Field(gt=0, le=600)] | None = None  # that a slow body takes

    @model_validator(mode="after")
    def _fits(self) -> Rule:
        if (self.status is None) == (self.fault is None):
            raise ValueError('exactly one of "status" and "fault"')
        if self.retry_after is not None and self.status is None:
            raise ValueError('"retry_after" beside a "status" alone')
        if self.form is not None and self.status != 429:
            raise ValueError('"form" beside the status 429 alone')
        if self.seconds is not None and self.fault != "slow":
            raise ValueError('"seconds" beside the fault "slow" alone')
        if self.code is not None and self.status is None:
            raise ValueError('"code" beside a "status" alone')
        if self.message is not None and self.code is None:
            raise ValueError('"message" beside a "code" alone')
        return self

    @property
    def name(self) -> str:
        """What the log calls it."""
        return self.fault or str(self.status)

    def chooses(self, method: str, path: str) -> bool:
        """Whether a call is one of its calls; a stale search is a search, a lost cursor asks for a further page."""
        if self.method not in (None, method) or self._spared(crm_of(path)):
            return False
        if not fnmatchcase(path, _PATHS.get(self.name, "*")):
            return False
        return fnmatchcase(path, self.path) if _GLOB & set(self.path) else path.startswith(self.path)

    def _spared(self, crm: Crm) -> bool:
        """Whether calls to this CRM are none of its business."""
        foreign = _OF_HUBSPOT if crm == "salesforce" else _OF_SALESFORCE
        return self.crm not in (None, crm) or self.name in foreign or (self.code is not None and crm == "hubspot")


class _Armed:
    """A rule, and how often it met its calls."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.seen = 0
        self.fired = 0
        self._chance = Random(rule.seed)

    def meets(self, method: str, path: str) -> bool:
        """Whether this call is to go wrong; counts it if it is one of the rule's."""
        rule = self.rule
        if not rule.chooses(method, path):
            return False
        self.seen += 1
        turn = self.seen - rule.after
        if turn <= 0 or turn % rule.every or self._chance.random() >= rule.probability:
            return False
        return rule.count is None or self.fired < rule.count


class Faults:
    """The rules in force. Every rule counts every call of its own; the first that meets a call decides what goes wrong."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, rules: list[Rule]) -> None:
        """Put further rules behind those in force."""
        self._armed += [_Armed(rule) for rule in rules]

    def clear(self) -> None:
        """Let everything be well again."""
        self._armed = []

    def fire(self, method: str, path: str) -> Rule | None:
        """What goes wrong with this call; None if nothing does."""
        met = [armed for armed in self._armed if armed.meets(method, path)]
        if not met:
            return None
        met[0].fired += 1
        return met[0].rule

    def shown(self) -> list[dict[str, Any]]:
        """The rules with how many of their calls they saw, and how many of these went wrong."""
        return [a.rule.model_dump(exclude_none=True, exclude_unset=True) | {"seen": a.seen, "fired": a.fired} for a in self._armed]
