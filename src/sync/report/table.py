"""The audit as a person reads it: what was promised, what was broken, by which side, and the worst leads."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sync.judge.findings import Status
from sync.plan import Step
from sync.report.summary import Summary, Worst
from sync.run import Audit

COLOURS = {Status.BREACHED: "bold red", Status.AT_RISK: "yellow", Status.KEPT: "green", Status.RUNNING: "cyan"}
SHOWN = (Status.BREACHED, Status.AT_RISK, Status.RUNNING, Status.KEPT, Status.EXCUSED, Status.UNKNOWN)
ACTIONS = {
    "reassign": "give the lead to the next in the pool",
    "recycle": "send the lead back to Marketing",
    "return": "return the lead to Marketing",
    "remind": "remind the owner",
    "escalate": "tell the manager, with a task",
}


def audit_table(audit: Audit) -> RenderableType:
    """Return the whole report as something Rich can print at any width."""
    parts: list[RenderableType] = [_head(audit), ""]
    if audit.summary.findings:
        parts += [_promises(audit.summary), "", _worst(audit), ""]
    else:
        parts += [_nothing(audit), ""]
    return Group(*parts, *_foot(audit))


def _head(audit: Audit) -> Text:
    accounts = ", ".join(f"{p.account.crm} {p.account.id}: {audit.leads[p.account.crm]:,} leads" for p in audit.pulled)
    text = Text()
    text.append(f"{audit.agreement.title}\n", style="bold")
    text.append(
        f"{accounts}; {audit.summary.in_handoff:,} handed over; as of {audit.as_of.astimezone(audit.agreement.zone):%a %Y-%m-%d %H:%M %Z}\n"
    )
    if audit.not_enforcing is not None:
        text.append(f"Observing only: {audit.not_enforcing}.", style="yellow")
    return text


def _nothing(audit: Audit) -> Text:
    if not audit.summary.leads:
        return Text("The account holds no leads, so there was nothing to judge.")
    return Text("No lead was handed over, so no promise was due. Does `leadpact check` find the stages you use?")


def _promises(summary: Summary) -> Table:
    table = Table(title="Promises", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("promise", no_wrap=True)
    for status in SHOWN:
        table.add_column(status.value.replace("_", " "), justify="right")
    table.add_column("broken by", overflow="fold")
    for rule, counts in sorted(summary.by_rule.items()):
        cells = (Text(f"{counts[status.value]:,}", style=COLOURS.get(status, "") if counts[status.value] else "dim") for status in SHOWN)
        table.add_row(rule, *cells, _broken_by(summary, rule))
    return table


def _broken_by(summary: Summary, rule: str) -> str:
    sides = ", ".join(f"{side} {count:,}" for side, count in summary.by_side.get(rule, {}).items())
    late = summary.kept_late[rule]
    return f"{sides} ({late:,} kept late)" if late else sides


def _worst(audit: Audit) -> Table:
    table = Table(title="The worst leads, and what leadpact would do", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("lead", no_wrap=True)
    table.add_column("owner", overflow="ellipsis", max_width=22)
    table.add_column("why", overflow="fold", ratio=3)
    table.add_column("would", overflow="fold", ratio=2)
    for worst in audit.summary.worst:
        owner = audit.names.get(worst.finding.owner or "", worst.finding.owner or "nobody")
        table.add_row(worst.lead, Text(_plain(owner)), Text(worst.finding.message), Text(_would(worst, audit)))
    return table


def _would(worst: Worst, audit: Audit) -> str:
    return "; ".join(_step(step, audit) for step in worst.steps) or "nothing: it has no ladder"


def _step(step: Step, audit: Audit) -> str:
    writes = ", ".join(f"{_name(w.before, audit)} → {_name(w.after, audit)}" for w in step.fields)
    return f"{step.action} {writes}".strip()


def _name(value: str | None, audit: Audit) -> str:
    return _plain(audit.names.get(value or "", value or "nobody"))


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _foot(audit: Audit) -> Iterable[RenderableType]:
    summary = audit.summary
    for action, count in sorted(summary.steps.items()):
        yield Text(f"would {action} {count:,}: {ACTIONS.get(action, action)}")
    if summary.steps:
        yield Text(
            f"{summary.blocked:,} of these {sum(summary.steps.values()):,} steps are held back now; --format json says by what (blocked_by)."
        )
    for pulled in audit.pulled:
        for stream, why in pulled.closed.items():
            yield Text(f"not read: {stream} ({why}); what rests on it is unknown", style="yellow")
    if audit.not_judged:
        yield Text(f"Not judged by this version: {', '.join(audit.not_judged)}.", style="dim")
    yield Text(f"Run {audit.run_id}. Nothing was written to a CRM.", style="dim")
