"""``/metrics`` in the Prometheus text format: counters that the parts keep anyway, read when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fleet_platform.devices.fleet import Fleet
from fleet_platform.events.bus import Bus
from fleet_platform.history import HistoryStats
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.relay import Relay
from fleet_platform.storage.twins import TwinStore

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Where the figures are.

    Attributes:
        plugins: Counters of each plugin: ``{name: {counter: value}}``.
    """

    tally: Counter[str]
    fleet: Fleet
    bus: Bus
    dispatcher: Dispatcher
    relay: Relay
    store: TwinStore
    history: Callable[[], HistoryStats]
    is_database_up: Callable[[], bool]
    plugins: Callable[[], Mapping[str, Mapping[str, float]]]


class Metrics(Collector):
    """Collects the figures of one platform."""

    def __init__(self, measured: Measured) -> None:
        self._m = measured
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def render(self) -> bytes:
        """The page."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """All figures as they are now."""
        m = self._m
        yield _counter("fleet_things", "Things that happened, by name", "what", m.tally.items())
        yield _counter("fleet_events_published", "Events by name", "event", m.bus.published.items())
        yield _counter("fleet_method_calls", "Calls of platform methods", "method", m.dispatcher.calls.items())
        errors = CounterMetricFamily("fleet_method_errors", "Calls that failed", labels=("method", "code"))
        for (method, code), number in sorted(m.dispatcher.errors.items()):
            errors.add_metric((method, str(code)), number)
        yield errors
        yield _counter("fleet_device_calls", "Calls relayed to devices, by outcome", "outcome", m.relay.calls.items())
        yield _gauge("fleet_devices", "Known devices", len(m.fleet))
        yield _gauge("fleet_devices_online", "Connected devices", len(list(m.fleet.online())))
        yield _gauge("fleet_subscribers", "Clients with subscriptions", m.bus.clients)
        yield _gauge("fleet_ring_bytes", "Bytes kept for resuming clients", m.bus.ring.bytes)
        yield _gauge("fleet_ring_events", "Events kept for resuming clients", len(m.bus.ring))
        yield _gauge("fleet_database_up", "Whether the database answers", m.is_database_up())
        stats = m.store.stats
        yield _gauge("fleet_writes_waiting", "Devices whose last state is not stored yet", stats.waiting)
        written = (
            ("rows", stats.written),
            ("batches", stats.batches),
            ("failures", stats.failures),
            ("refused", stats.refused),
        )
        yield _counter("fleet_writes", "What the writer did", "what", written)
        history = m.history()
        yield _gauge("fleet_history_waiting", "Samples in memory that are not stored yet", history.waiting)
        yield _gauge("fleet_history_spool_bytes", "Bytes kept for the database while it is away", history.spooled_bytes)
        samples = (("taken", history.taken), ("written", history.written))
        yield _counter("fleet_history_samples", "What became of what devices measure", "what", samples)
        plugins = CounterMetricFamily("fleet_plugin", "Counters of plugins", labels=("plugin", "counter"))
        for plugin, counters in sorted(m.plugins().items()):
            for counter, value in sorted(counters.items()):
                plugins.add_metric((plugin, counter), value)
        yield plugins


def _counter(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=(label,))
    for key, value in sorted(values):
        family.add_metric((key,), value)
    return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))
