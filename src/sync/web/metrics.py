"""What Prometheus is told: counts of the store, the daemon's heartbeat, and what this server saw. No personal data, bounded labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from sync.daemon.heartbeat import CrmState, Heartbeat
from sync.judge.findings import Status
from sync.store.figures import LATE_S
from sync.web.counted import Counted, StoreCounts
from sync.web.settings import ServingSettings
from sync.web.watched import Watched

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
CLOCK = "clock"  # the kind of findings whose lateness is told
BROKEN = Status.BREACHED.value

_TICK_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class Metrics:
    """The metrics of one server; what it counts itself may be counted from any thread."""

    def __init__(self, settings: ServingSettings, watched: Watched) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they would be metrics of their own that say when this process began
        self.counts = StoreCounts(settings.store, clock=settings.clock, monotonic=settings.monotonic)
        self._registry = CollectorRegistry()
        self._ticks = Histogram("leadpact_tick_seconds", "How long a tick took", buckets=_TICK_S, registry=self._registry)
        self._bad_ticks = Counter("leadpact_ticks_failed", "Ticks that something went wrong in", registry=self._registry)
        self._answers = Counter("leadpact_http_requests", "Calls that were answered", ["path", "code"], registry=self._registry)
        self._deliveries = Counter("leadpact_webhooks", "Deliveries of webhooks", ["crm", "outcome"], registry=self._registry)
        self._registry.register(_Daemon(settings, watched))
        self._registry.register(_Store(self.counts))

    def ticked(self, seconds: float, *, good: bool) -> None:
        """Count a tick."""
        self._ticks.observe(seconds)
        if not good:
            self._bad_ticks.inc()

    def answered(self, path: str, code: int) -> None:
        """Count a call; `path` is one of those that are served, or `other`."""
        self._answers.labels(path, code).inc()

    def delivered(self, crm: str, outcome: str) -> None:
        """Count a delivery of a webhook."""
        self._deliveries.labels(crm, outcome).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format; reads the store, so it is for a thread that may wait."""
        return generate_latest(self._registry)


class _Daemon(Collector):
    """Tells what the heartbeat says."""

    def __init__(self, settings: ServingSettings, watched: Watched) -> None:
        self._clock = settings.clock
        self._watched = watched

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        beat, now = self._watched.beat(), self._clock()
        info = GaugeMetricFamily("leadpact_info", "The version that runs", labels=["version"])
        info.add_metric([beat.version], 1)
        yield info
        yield _gauge("leadpact_heartbeat_age_seconds", "Since the daemon last said how it is", (now - beat.at).total_seconds())
        if beat.good_at is not None:
            yield _gauge(
                "leadpact_good_tick_age_seconds", "Since the last tick that nothing went wrong in", (now - beat.good_at).total_seconds()
            )
        yield _crms(beat)


class _Store(Collector):
    """Tells what the store holds."""

    def __init__(self, counts: StoreCounts) -> None:
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield _gauge("leadpact_store_bytes", "Size of the store's files", self._counts.size())
        counted = self._counts.read()
        if counted is None:
            return
        yield _gauge("leadpact_counted_timestamp_seconds", "When what follows was counted", counted.at.timestamp())
        yield _gauge("leadpact_counting_seconds", "How long that took", counted.took_s)
        yield _gauge("leadpact_held_plans", "Plans that a limit holds", counted.held_plans)
        yield from _labelled("leadpact_leads", "Live leads by stage of the agreement", "stage", counted.stages)
        yield from _labelled("leadpact_messages", "Messages to people by state", "state", counted.messages)
        yield from _findings(counted)
        yield from _lateness(counted)
        yield from _writes(counted)
        yield from _calls(counted)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


def _labelled(name: str, help_: str, label: str, values: Mapping[str, int]) -> Iterator[Metric]:
    family = GaugeMetricFamily(name, help_, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    yield family


def _crms(beat: Heartbeat) -> Metric:
    family = GaugeMetricFamily("leadpact_crm_up", "Whether a CRM answers", labels=["crm"])
    for crm, pulse in beat.crms.items():
        family.add_metric([crm], int(pulse.state is CrmState.OK))
    return family


def _findings(counted: Counted) -> Iterator[Metric]:
    standing = GaugeMetricFamily("leadpact_findings", "Findings that stand", labels=["rule", "kind", "status"])
    owed = GaugeMetricFamily("leadpact_findings_owed", "Promises still to be kept, in time or late", labels=["rule", "kind", "status"])
    backlog = GaugeMetricFamily("leadpact_backlog", "Broken promises from before their rule was enforced", labels=["rule", "kind"])
    for count in counted.rules:
        standing.add_metric([count.rule, count.kind, count.status], count.findings)
        owed.add_metric([count.rule, count.kind, count.status], count.owed)
        if count.status == BROKEN:
            backlog.add_metric([count.rule, count.kind], count.backlog)
    yield from (standing, owed, backlog)


def _lateness(counted: Counted) -> Iterator[Metric]:
    family = HistogramMetricFamily(
        "leadpact_clock_late_seconds", "How late the broken clocks that stand are, or were kept", labels=["rule"]
    )
    for count in counted.rules:
        if count.kind == CLOCK and count.status == BROKEN:
            upper = [*zip(map(str, map(float, LATE_S)), count.late, strict=True), ("+Inf", count.findings)]
            family.add_metric([count.rule], upper, count.late_s)
    yield family


def _writes(counted: Counted) -> Iterator[Metric]:
    family = CounterMetricFamily("leadpact_writes", "What the journal told of writes", labels=["outcome"])
    for event, count in sorted(counted.events.items()):
        family.add_metric([event], count)
    yield family


def _calls(counted: Counted) -> Iterator[Metric]:
    total = CounterMetricFamily("leadpact_api_calls", "Calls that leadpact made", labels=["crm"])
    today = GaugeMetricFamily("leadpact_api_calls_today", "Calls that leadpact made on the account's day", labels=["crm"])
    for crm, calls in counted.calls.items():
        total.add_metric([crm], calls.total)
        today.add_metric([crm], calls.today)
    yield from (total, today)
    for key, name, help_ in _BUDGET:
        family = GaugeMetricFamily(name, help_, labels=["crm"])
        for crm, usage in counted.usage.items():
            if usage.get(key) is not None:
                family.add_metric([crm], usage[key])
        yield family


_BUDGET = (
    ("limit_today", "leadpact_api_limit_today", "Calls of a day that the whole account has, as its CRM said last"),
    ("remaining_today", "leadpact_api_remaining_today", "Of these still left to the whole account, as its CRM said last"),
)
