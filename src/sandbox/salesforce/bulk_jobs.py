"""Jobs of the Bulk API 2.0: what they are, how far they are, how they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sandbox.salesforce.csv_text import DELIMITERS, ENDINGS
from sandbox.salesforce.ids import Mint
from sandbox.salesforce.refusals import Refused, no_such_resource

State = Literal["Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted"]
DONE: frozenset[State] = frozenset({"JobComplete", "Failed", "Aborted"})
_KEPT = timedelta(days=7)


@dataclass(slots=True, kw_only=True)
class Job:
    """A job; `lines` are those of its results, each with its ending, the header first."""

    id: str
    kind: Literal["query", "ingest"]
    operation: str
    sobject: str
    user_id: str
    version: str
    created_at: datetime
    state: State
    delimiter: str = "COMMA"
    ending: str = "LF"
    waits: int = 0  # how often it is still said to be in progress
    error: str | None = None
    upload: bytes = b""
    external_id: str | None = None
    rule_id: str | None = None
    lines: dict[str, list[str]] = field(default_factory=dict)

    @property
    def marks(self) -> tuple[str, str]:
        """What parts its values and ends its lines."""
        return DELIMITERS[self.delimiter], ENDINGS[self.ending]

    def rows(self, name: str) -> int:
        """How many rows a result has."""
        return max(len(self.lines.get(name, ())) - 1, 0)

    def step(self) -> None:
        """Let it be one look further."""
        if self.state not in ("UploadComplete", "InProgress"):
            return
        if self.waits > 0:
            self.waits -= 1
            self.state = "InProgress"
        else:
            self.state = "Failed" if self.error else "JobComplete"

    def shown(self) -> dict[str, Any]:
        """The job as JSON."""
        at = self.created_at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        told: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.sobject,
            "createdById": self.user_id,
            "createdDate": at,
            "systemModstamp": at,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.ending,
            "columnDelimiter": self.delimiter,
        }
        return told | (self._of_query() if self.kind == "query" else self._of_ingest())

    def _of_query(self) -> dict[str, Any]:
        told: dict[str, Any] = {"jobType": "V2Query"}
        if self.state in DONE:
            told |= {"numberRecordsProcessed": self.rows("results"), "retries": 0, "totalProcessingTime": 0}
        return told | self._failure()

    def _of_ingest(self) -> dict[str, Any]:
        told: dict[str, Any] = {"jobType": "V2Ingest", "contentUrl": f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"}
        if self.external_id:
            told["externalIdFieldName"] = self.external_id
        if self.rule_id:
            told["assignmentRuleId"] = self.rule_id
        if self.state in DONE:
            failed = self.rows("failedResults")
            processed = failed + self.rows("successfulResults")
            told |= {"numberRecordsProcessed": processed, "numberRecordsFailed": failed, "retries": 0, "totalProcessingTime": 0}
        return told | self._failure()

    def _failure(self) -> dict[str, Any]:
        return {"errorMessage": self.error} if self.state == "Failed" and self.error else {}


@dataclass(slots=True, kw_only=True)
class Jobs:
    """The jobs of an org, kept for seven days. Source: crm-facts, Salesforce, section 3.

    A new job is said to be in progress `waits` times; the next one fails with `next_error`, if that is set.
    """

    waits: int = 0
    next_error: str | None = None
    by_id: dict[str, Job] = field(default_factory=dict)
    _mint: Mint = field(default_factory=Mint)

    def new_id(self) -> str:
        """An id for a further job."""
        return self._mint.new("750")

    def add(self, job: Job) -> Job:
        """Begin a job."""
        job.waits, job.error, self.next_error = self.waits, self.next_error, None
        self.by_id[job.id] = job
        return job

    def find(self, id_: str, kind: str, now: datetime) -> Job:
        """The job. Raises Refused (404)."""
        job = next((each for key, each in self.by_id.items() if key[:15] == id_[:15]), None)
        if job is None or job.kind != kind or now - job.created_at >= _KEPT:
            raise no_such_resource()
        return job

    def shown(self, kind: str) -> dict[str, Any]:
        """All jobs of a kind, as JSON."""
        return {"done": True, "records": [job.shown() for job in self.by_id.values() if job.kind == kind], "nextRecordsUrl": None}


def order_of(body: Mapping[str, Any], operations: frozenset[str]) -> dict[str, Any]:
    """What every new job is told: its operation and how its CSV is written. Raises Refused."""
    operation = body.get("operation")
    if operation not in operations:
        raise Refused("INVALIDJOB", f"expected operation to be one of {', '.join(sorted(operations))}")
    delimiter, ending = body.get("columnDelimiter") or "COMMA", body.get("lineEnding") or "LF"
    if delimiter not in DELIMITERS or ending not in ENDINGS or (body.get("contentType") or "CSV") != "CSV":
        raise Refused("INVALIDJOB", "expected contentType CSV and a columnDelimiter and lineEnding of the Bulk API")
    return {"operation": operation, "delimiter": delimiter, "ending": ending}
