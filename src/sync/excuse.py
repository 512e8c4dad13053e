"""A person excuses a promise, or takes that back: whether the agreement lets them, by what the store knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.agreement.model import Agreement
from sync.errors import SyncError, UsageError
from sync.judge.findings import Finding
from sync.judge.judge import judge_lead
from sync.known import Known, eras_at, gather_terms, known_upto
from sync.problems import choose_fix, listed
from sync.roster import Person
from sync.terms import Terms
from sync.waivers import Waiver, excusable, one_of, refuse_if_not_theirs, refuse_if_spent, the_one_given, who_decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which promise a person means."""

    lead: str  # an e-mail address, a record or its id
    rule: str
    finding: str | None = None  # its key, or how it begins, where a rule made several promises


def excuse(known: Known, which: Which, *, name: str | None, logins: Sequence[str], why: str, now: datetime) -> Waiver:
    """Excuse one promise that runs or is broken, by `name`, else by who bears one of `logins`; UsageError says why that may not be."""
    terms = _terms(known)
    _refuse_if_no_rule(terms.agreement_at(now), which.rule)
    who = who_decides(name, logins, known.roster)
    lead, findings = _judged(known, which.lead, terms, now)
    promise = one_of(excusable(findings, which.rule), lead=lead, rule=which.rule, key=which.finding)
    _refuse_if_not_theirs(known, terms, who, promise, now)
    refuse_if_spent(known.waivers.given(), terms.agreement_at(now), now)
    return known.waivers.add(finding=promise.key, lead=promise.lead, rule=which.rule, at=now, by=who.name, why=why)


def take_back(known: Known, which: Which, *, name: str | None, logins: Sequence[str], why: str, now: datetime) -> Waiver:
    """Take a waiver back: who gave it may, and whom the agreement lets excuse the promise now; UsageError says why that may not be."""
    terms = _terms(known)
    who = who_decides(name, logins, known.roster)
    lead, findings = _judged(known, which.lead, terms, now)
    waiver = the_one_given(known.waivers.given(), findings, lead=lead, rule=which.rule, key=which.finding)
    promise = next((finding for finding in findings if finding.key == waiver.finding), None)
    if who.name != waiver.by:
        if promise is None:
            raise UsageError(f"{which.rule} is no promise to {lead} any more", fix=f"let {waiver.by}, who excused it, take it back")
        _refuse_if_not_theirs(known, terms, who, promise, now)
    return known.waivers.withdraw(waiver, at=now, by=who.name, why=why)


def _terms(known: Known) -> Terms:
    """Return what leads are judged by; raises SyncError before the first pull."""
    terms = gather_terms(known, eras_at(known, upto=None))
    if known_upto(terms) is None:
        raise SyncError("nothing was pulled yet", fix="run `leadpact sync --dry-run` first")
    return terms


def _refuse_if_no_rule(agreement: Agreement, rule: str) -> None:
    rules = agreement.rule_names
    if rule not in rules:
        raise UsageError(f"the agreement has no rule `{rule}`", fix=choose_fix(rule, rules, otherwise=f"the rules are: {listed(rules)}"))


def _judged(known: Known, lead: str, terms: Terms, now: datetime) -> tuple[str, tuple[Finding, ...]]:
    """Return the key of the lead that is meant, and what is found of it as it was last read."""
    upto = known_upto(terms)
    assert upto is not None, "something was pulled"
    within = terms.agreement_at(now).touches.bulk_within
    found = list(known.reader.leads(upto=upto, bulk_within=within, keys=known.reader.find(lead)))
    if len(found) != 1:
        told = f"`{lead}` names {len(found)} leads" if found else f"the store knows no lead `{lead}`"
        raise UsageError(told, fix="name its record, such as hubspot/contact/101")
    return found[0].lead, judge_lead(found[0], terms, upto).findings


def _refuse_if_not_theirs(known: Known, terms: Terms, who: Person, promise: Finding, now: datetime) -> None:
    owner = known.roster.person_of(terms.owning_crm(promise.records), promise.owner or "")
    refuse_if_not_theirs(who, promise, owner, agreement=terms.agreement_at(now), roster=known.roster)
