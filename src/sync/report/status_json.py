"""How things stand, for machines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from sync.agreement.versions import signed_sides
from sync.report.contract import moment
from sync.report.status_figures import failures, promise_counts, share_of_day
from sync.report.stopped import held_json, stop_json
from sync.status import Status

_MOMENTS = ("started_at", "at", "ticked_at", "good_at", "next_at")
_BEAT_KEYS = ("pid", "host", "version", *_MOMENTS, "tick_s", "trouble", "reload_refused")


def status_json(status: Status) -> bytes:
    """Return the document of `leadpact status`; null is what is not known."""
    standing = status.standing
    document = {
        "at": moment(status.now),
        "daemon": _daemon_json(status),
        "crms": {crm: _crm_json(status, crm) for crm in status.config.crms},
        "promises": promise_counts(status),
        "rules": [
            {"rule": one.rule, "kind": one.kind, "status": one.status, "findings": one.findings, "owed": one.owed, "backlog": one.backlog}
            for one in standing.rules
        ],
        "due_next": [{"due_at": moment(one.due_at), "lead": one.lead, "rule": one.rule, "status": one.status} for one in standing.due_next],
        "failures": failures(status),
        "writes": _by_name(standing.writes),
        "messages": _by_name(standing.messages),
        "last_run": _run_json(status),
        "enforcement": _enforcement_json(status),
        "store": {
            "path": str(status.config.store),
            "bytes": status.store_bytes if status.has_store else None,
            "last_backup_at": moment(status.backed_up_at),
            "trouble": str(status.trouble) if status.trouble is not None else None,
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _by_name(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _daemon_json(status: Status) -> dict[str, object]:
    beat = status.daemon.beat
    if beat is None:
        return {"state": status.daemon.life.value, "seen_at": None} | dict.fromkeys(_BEAT_KEYS)
    moments = {key: moment(getattr(beat, key)) for key in _MOMENTS}
    known = {"state": status.daemon.life.value, "seen_at": moment(status.daemon.seen_at)}
    return known | {key: moments.get(key, getattr(beat, key)) for key in _BEAT_KEYS}


def _crm_json(status: Status, crm: str) -> dict[str, object]:
    pulse = status.daemon.beat.crms.get(crm) if status.daemon.beat is not None else None
    calls, told = status.standing.calls.get(crm), status.standing.usage.get(crm, {})
    return {
        "state": pulse.state.value if pulse is not None else None,
        "since": moment(pulse.since) if pulse is not None else None,
        "said": pulse.said if pulse is not None else None,
        "fix": pulse.fix if pulse is not None else None,
        "closed": dict(sorted(pulse.closed.items())) if pulse is not None else None,
        "read_upto": moment(status.standing.read_upto.get(crm)),
        "day": calls.day.isoformat() if calls is not None else None,
        "calls_today": calls.today if calls is not None else None,
        "max_share": share_of_day(status, crm),
        "limit_today": told.get("limit_today"),
        "remaining_today": told.get("remaining_today"),
    }


def _run_json(status: Status) -> dict[str, object] | None:
    run = status.standing.last_run
    return {"id": run.id, "kind": run.kind, "began_at": moment(run.began_at), "outcome": run.outcome} if run is not None else None


def _enforcement_json(status: Status) -> dict[str, object]:
    mode, agreement = status.config.mode, status.in_force.agreement
    return {
        "mode": {"default": mode.default.value, "rules": _values(mode.rules.items()), "teams": _values(mode.teams.items())},
        "agreement": agreement.hash if agreement is not None else None,
        "signed_by": sorted(signed_sides(agreement)) if agreement is not None else [],
        "why_not_in_force": status.in_force.why_not,
        "enforced_since": {rule: moment(since) for rule, since in sorted(status.standing.enforced.items())},
        "stops": [stop_json(stop) for stop in status.standing.stops],
        "frozen": list(status.frozen),
        "held": [held_json(plan) for plan in status.standing.held],
    }


def _values(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {key: str(value) for key, value in sorted(items)}
