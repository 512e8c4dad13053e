"""What a template may say of a message: the same words for every kind, empty where they do not apply. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sync.daily import Overview, Owed
from sync.history import local_text
from sync.judge.findings import Status
from sync.letter import LONGEST_REASON, Known, addressee_of, digest_of, letter_of, text_of, value_text
from sync.messages import Kind

WORDS = (
    "kind",
    "title",  # as we would write them
    "text",  # without whom it is for
    "addressee",  # at a target that many read
    "rule",
    "lead",  # key
    "link",
    "due",
    "percent",  # of a promise's time that has passed
    "is_broken",
    "opened",
    "opened_by",
    "owner",
    "reason",
    "limit",
    "plan",
    "run",
    "day",  # of a daily digest
    "open",  # how many promises are
    "late",  # how many of them are broken
    "due_today",  # of each rule, lead, link, due, owner
    "broken",
    "file",  # of a report: where it lies
    "messages",  # of a digest: of each title, rule, lead, link
)


def words_of(known: Sequence[Known], *, is_shared: bool) -> Mapping[str, object]:
    """Return the values of `WORDS` for a message, or for a digest of several; every value of a CRM is cleaned."""
    ours = letter_of(known[0], is_shared=False) if len(known) == 1 else digest_of(known, is_shared=False)
    first = known[0]
    told = _of_one(first) if len(known) == 1 else dict.fromkeys(WORDS, "") | {"kind": Kind.DIGEST.value, "is_broken": False}
    messages = [] if len(known) == 1 else [_line(one) for one in known]
    daily = _of_daily(first if len(known) == 1 else None)
    addressee = addressee_of(first) if is_shared else ""
    file = first.made.file if len(known) == 1 and first.made is not None else ""
    return {**told, **daily, "file": file, "title": ours.title, "text": ours.body, "addressee": addressee, "messages": messages}


def _of_one(known: Known) -> dict[str, object]:
    message, finding = known.message, known.finding
    cycle = finding.cycle if finding is not None else None
    rung = message.rung or 0
    return {
        "kind": message.kind.value,
        "rule": finding.rule if finding is not None else message.rule,
        "lead": message.lead or "",
        "link": known.page or "",
        "due": _moment(finding.due_at if finding is not None else None, known),
        "percent": str(-rung) if message.kind is Kind.REMINDER and rung < 0 else "",
        "is_broken": finding is not None and finding.status is Status.BREACHED,
        "opened": _moment(cycle.opened_at if cycle is not None else None, known),
        "opened_by": value_text(cycle.opened_by) if cycle is not None else "",
        "owner": value_text(known.name) if known.name else "",
        "reason": value_text(known.why, longest=LONGEST_REASON) if known.why else "",
        "limit": known.held or "",
        "plan": str(message.plan) if message.plan is not None else "",
        "run": known.run or "",
    }


def _of_daily(known: Known | None) -> dict[str, object]:
    if known is None or known.daily is None:
        return {"day": "", "open": 0, "late": 0, "due_today": [], "broken": []}
    told: Overview = known.daily
    parts = {"due_today": told.today, "broken": told.broken}
    lists = {name: [_owed(one, known) for one in part] for name, part in parts.items()}
    return {"day": known.message.rule, "open": told.open, "late": told.late, **lists}


def _owed(one: Owed, known: Known) -> dict[str, str]:
    link, name = known.pages.get(one.lead, ""), value_text(known.names.get(one.owner or "", ""))
    return {"rule": one.rule, "lead": one.lead, "link": link, "due": _moment(one.due_at, known), "owner": name}


def _line(known: Known) -> dict[str, str]:
    title, _ = text_of(known)
    return {"title": title, "rule": known.message.rule, "lead": known.message.lead or "", "link": known.page or ""}


def _moment(at: datetime | None, known: Known) -> str:
    return local_text(at, known.zone) if at is not None else ""
