"""Findings and steps of one run on disk, so that reports stream and nothing holds all leads in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from types import TracebackType

import orjson

from sync.judge.findings import Finding
from sync.ladder import MOVES
from sync.report.contract import finding_json, step_json
from sync.steps import Step


class Spool:
    """Two unnamed temporary files of JSON lines, in the order in which leads were judged; gone when closed."""

    def __init__(self) -> None:
        self._findings = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._steps = TemporaryFile()  # noqa: SIM115
        self._trips: Mapping[str, str] = {}

    def add(self, findings: Sequence[Finding], steps: Sequence[Step]) -> None:
        """Append what one lead's judgement gave."""
        self._findings.writelines(orjson.dumps(finding_json(finding)) + b"\n" for finding in findings)
        self._steps.writelines(orjson.dumps(step_json(step)) + b"\n" for step in steps)

    def hold(self, trips: Mapping[str, str]) -> None:
        """Tell of the moves of each rule in `trips` that a limit holds them back, and which."""
        self._trips = trips

    def findings(self) -> Iterator[bytes]:
        """Yield each finding as one JSON object."""
        self._findings.seek(0)
        yield from (line.rstrip(b"\n") for line in self._findings)

    def steps(self) -> Iterator[bytes]:
        """Yield each step as one JSON object."""
        self._steps.seek(0)
        yield from (self._held(line.rstrip(b"\n")) for line in self._steps)

    def _held(self, line: bytes) -> bytes:
        if not self._trips:
            return line
        step = orjson.loads(line)
        if step["action"] in MOVES and step["rule"] in self._trips:
            step["blocked_by"].append(self._trips[step["rule"]])
        return orjson.dumps(step)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._findings.close()
        self._steps.close()
