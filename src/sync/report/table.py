"""The audit as a person reads it: what was promised, what was broken, by which side, and the worst leads."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from connectors.records import Usage
from sync.judge.findings import Status
from sync.plain import plain
from sync.report.audit import ACTIONS, DEEDS, Audit, nobody_left, nothing_found, time_lines
from sync.report.summary import Summary, Worst
from sync.steps import FieldWrite, Step

COLOURS = {Status.BREACHED: "bold red", Status.AT_RISK: "yellow", Status.KEPT: "green", Status.RUNNING: "cyan"}
SHOWN = (Status.BREACHED, Status.AT_RISK, Status.RUNNING, Status.KEPT, Status.EXCUSED, Status.UNKNOWN)
NARROW = 72  # columns
RULE_MOST = 40  # characters of a rule's name in a table; the JSON has it whole
WORST_SHOWN = 10  # a screen's worth
HEADINGS = {Status.BREACHED: "broken", Status.AT_RISK: "at risk"}


def audit_table(audit: Audit, *, width: int) -> RenderableType:
    """Return the whole report for a page of `width` columns; where that is too narrow for tables, as lines."""
    return Group(_head(audit), "", *_body(audit, narrow=width < NARROW), *_foot(audit))


def _body(audit: Audit, *, narrow: bool) -> Iterable[RenderableType]:
    if not audit.summary.findings:
        yield Text(nothing_found(audit))
        yield ""
        return
    if narrow:
        yield from _promises_in_lines(audit.summary)
        yield ""
        yield from _worst(audit)
        return
    yield _promises(audit.summary)
    yield ""
    if audit.summary.by_side:
        yield _broken_by(audit.summary)
        yield ""
    yield from _worst(audit)


def _head(audit: Audit) -> Text:
    accounts = ", ".join(f"{p.account.crm} {p.account.id}: {audit.leads[p.account.crm]:,} leads" for p in audit.pulled)
    counted = "handed over" if audit.kept is None or audit.kept.period is None else "with a promise"
    text = Text()
    text.append(f"{audit.agreement.title}\n", style="bold")
    text.append(
        f"{accounts}; {audit.summary.in_handoff:,} {counted}; as of {audit.as_of.astimezone(audit.agreement.zone):%a %Y-%m-%d %H:%M %Z}\n"
    )
    for line in time_lines(audit):
        text.append(f"{line}\n")
    if audit.draft is not None:
        text.append("The file has been edited since it was signed: the signed version judges, the edit is a draft.\n", style="yellow")
    if audit.not_enforcing is not None:
        text.append(f"Observing only: {audit.not_enforcing}.", style="yellow")
    return text


def _promises_in_lines(summary: Summary) -> Iterable[Text]:
    for rule, tally in sorted(summary.by_rule.items()):
        told = ", ".join(f"{HEADINGS.get(status, status.value)} {tally.by_status[status]:,}" for status in SHOWN if tally.by_status[status])
        sides = ", ".join(f"{side} {count:,}" for side, count in sorted(summary.by_side.get(rule, {}).items()))
        yield Text(f"{rule}: {told}" + (f"; broken by {sides}" if sides else ""))


def _rule(name: str) -> Text:
    """Return a rule's name as it is: what looks like markup in it is part of the name."""
    return Text(plain(name))


def _promises(summary: Summary) -> Table:
    table = _table("Promises")
    table.add_column("promise", no_wrap=True, overflow="ellipsis", max_width=RULE_MOST)
    for status in SHOWN:
        table.add_column(HEADINGS.get(status, status.value), justify="right")
    for rule, tally in sorted(summary.by_rule.items()):
        table.add_row(_rule(rule), *(_count(tally.by_status[status], COLOURS.get(status, "")) for status in SHOWN))
    return table


def _broken_by(summary: Summary) -> Table:
    sides = sorted({side for counts in summary.by_side.values() for side in counts})
    table = _table("Broken, by the side responsible")
    table.add_column("promise", no_wrap=True, overflow="ellipsis", max_width=RULE_MOST)
    for side in (*sides, "kept late"):
        table.add_column(side, justify="right")
    for rule, counts in sorted(summary.by_side.items()):
        table.add_row(_rule(rule), *(_count(counts[side]) for side in sides), _count(summary.by_rule[rule].kept_late))
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _count(number: int, colour: str = "") -> Text:
    return Text(f"{number:,}", style=colour if number else "dim")


def _worst(audit: Audit) -> Iterable[RenderableType]:
    """Yield the leads whose broken promises have stood the longest, three lines each."""
    if not audit.summary.worst:
        return
    yield Text("The worst leads" + (", and what leadpact would do" if audit.kept is None else ""), style="bold")
    for worst in audit.summary.worst[:WORST_SHOWN]:
        owner = _name(worst.finding.owner, audit)
        yield Text.assemble((worst.lead, "bold"), f"  owner at the deadline: {owner}")
        yield Text(f"  {plain(worst.finding.message)}")
        if audit.kept is None:
            yield Text(f"  → {_would(worst, audit)}", style="cyan")
    yield ""


def _would(worst: Worst, audit: Audit) -> str:
    return "; ".join(_step(step, worst, audit) for step in worst.steps) or "nothing is planned for it"


def _step(step: Step, worst: Worst, audit: Audit) -> str:
    writes = (_write(write, audit) for write in step.fields)
    because = f"(for {step.rule})" if step.rule != worst.finding.rule else ""
    return " ".join(filter(None, (step.action, ", ".join(writes), because)))


def _write(write: FieldWrite, audit: Audit) -> str:
    """Say what a field would become; owners by their names."""
    if write.before in audit.names or write.after in audit.names:
        return f"from {_name(write.before, audit)} to {_name(write.after, audit)}"
    return f"{write.field} from {plain(write.before or 'blank')} to {plain(write.after or 'blank')}"


def _name(value: str | None, audit: Audit) -> str:
    return plain(audit.names.get(value or "", value or "nobody"))


def _foot(audit: Audit) -> Iterable[RenderableType]:
    summary = audit.summary
    for action, count in sorted(summary.steps.items()):
        yield Text(f"would {action} {count:,}: {ACTIONS.get(action, action)}")
    if summary.steps:
        yield Text(
            f"{summary.blocked:,} of these {sum(summary.steps.values()):,} would be held back now; the JSON says by what (blocked_by)."
        )
    for why in sorted(set(summary.trips.values())):
        yield Text(f"Beyond a limit: {why}.", style="yellow")
    for action, count in audit.kept.done.items() if audit.kept is not None else ():
        yield Text(f"{count:,} {DEEDS.get(action, action)}")
    yield from (Text(line, style="yellow") for line in nobody_left(summary))
    yield from _unread(audit)
    if audit.not_judged:
        yield Text(f"Not judged by this version: {', '.join(audit.not_judged)}.", style="dim")
    for crm, usage in sorted(audit.usage.items()) if audit.kept is None else ():
        yield Text(_usage(crm, usage), style="dim")
    nothing_written = " Nothing was written to a CRM." if audit.kind == "dry-run" else ""  # of other runs another report tells
    yield Text(f"Run {audit.run_id}.{nothing_written}", style="dim")


def _unread(audit: Audit) -> Iterable[Text]:
    for pulled in audit.pulled:
        for stream, why in pulled.closed.items():
            yield Text(f"Not read: {stream}. {why}.", style="yellow")
        for stream, upto in pulled.behind.items():
            when = upto.astimezone(audit.agreement.zone)
            yield Text(f"Read up to {when:%a %H:%M %Z} only: {stream}. The CRM counts rows that it does not show yet.", style="yellow")
        for stream, gone in pulled.vanished.items():
            erased = f", {gone.erased:,} of them erased for good" if gone.erased else ""
            yield Text(f"Gone from {stream} since the last run: {gone.rows:,}{erased}.")
        for stream, why in pulled.unswept.items():
            yield Text(f"Something vanished from {stream}, and was not looked for: {why}.", style="yellow")


def _usage(crm: str, usage: Usage) -> str:
    """Say what the run cost: `hubspot: 23 API calls (20 delta, 3 evidence); 45 of ours today, the account has 624,955 of 625,000 left.`"""
    purposes = ", ".join(f"{calls:,} {purpose}" for purpose, calls in sorted(usage.by_purpose.items(), key=lambda one: -one[1]))
    left = f", the account has {usage.remaining_today:,} of {usage.limit_today:,} left" if usage.remaining_today is not None else ""
    return f"{crm}: {usage.calls:,} API calls ({purposes}); {usage.today:,} of ours today{left}."
