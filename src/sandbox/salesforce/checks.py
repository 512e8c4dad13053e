"""What every call to the practice Salesforce is held against on its way, each settable by the control path."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.calls import CallLog
from sandbox.faults import Faults
from sandbox.salesforce.bulk_jobs import Jobs
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.daily import DailyCalls
from sandbox.salesforce.sessions import Sessions


@dataclass(slots=True, kw_only=True)
class Checks:
    """The log and the faults are those of the whole process.

    `commits_after` is how late what a call writes is seen, `page_rows` the most rows that a page has, whatever a call asks for.
    """

    calls: CallLog
    faults: Faults
    sessions: Sessions = field(default_factory=Sessions)
    daily: DailyCalls = field(default_factory=DailyCalls)
    cursors: Cursors = field(default_factory=Cursors)
    jobs: Jobs = field(default_factory=Jobs)
    commits_after: timedelta = timedelta()
    page_rows: int = 2_000
