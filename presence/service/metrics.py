"""Metrics: this process's figures, and those of the store that all share, for Prometheus.

Flow: /metrics -> **metrics** -> hub, following, attachments, heartbeats; recorder, tally (asked of Redis).

Read when somebody asks: no figure costs a stream anything, and a heartbeat one addition.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from presence.fanout.hub import Hub
from presence.live.connection import LiveUnavailableError
from presence.live.tally import Tally
from presence.service.attachments import Attachments
from presence.service.errors import Unavailable
from presence.service.following import Following
from presence.service.heartbeats import Heartbeats
from presence.service.recording import Recorder

_ANSWER_WITHIN = 2.0  # seconds; a scrape without the store's figures is better than none
_TALLIES = {
    "sweeps": "Sweeps of all workers",
    "held_sweeps": "Sweeps that ended no lease, after an absence of the service",
    "swept_changes": "Changes that sweeps made: who went offline, and what was timed",
    "recorded": "Entries of the log that were dealt with for history",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the live store knows of everybody's work. `backlog` is None if it did not answer."""

    backlog: int | None = None
    tallies: Mapping[str, int] = field(default_factory=dict)


async def shared(recorder: Recorder, tally: Tally) -> Shared:
    """Return the store's figures. Never raises, and answers within about two seconds."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            return Shared(backlog=await recorder.backlog(), tallies=await tally.read())
    except (TimeoutError, Unavailable, LiveUnavailableError):
        return Shared()


class Figures(Collector):
    """What one event loop is doing."""

    def __init__(
        self,
        hub: Hub,
        following: Following,
        attachments: Attachments,
        heartbeats: Heartbeats,
        store: Shared,
    ) -> None:
        """Read from these."""
        self._hub = hub
        self._following = following
        self._attachments = attachments
        self._heartbeats = heartbeats
        self._store = store
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield every figure, as it is now."""
        hub, following = self._hub, self._following
        yield _gauge("presence_streams", "Open streams", hub.streams)
        yield _gauge("presence_watched_users", "Users that open streams watch", len(hub.watched()))
        yield _gauge(
            "presence_attached_sessions",
            "Sessions that open streams keep alive",
            len(self._attachments),
        )
        yield CounterMetricFamily(
            "presence_delivered_changes", "Changes handed to open streams", value=hub.delivered
        )
        yield _gauge("presence_stale", "1 while the live store does not answer", following.is_stale)
        yield _gauge("presence_following", "1 while the log is followed", following.is_verified)
        yield self._answered()
        yield from self._of_the_store()

    def text(self) -> bytes:
        """Return every figure in Prometheus' text format."""
        return generate_latest(self._registry)

    def _answered(self) -> Metric:
        heartbeats = self._heartbeats
        family = CounterMetricFamily(
            "presence_heartbeats", "Heartbeats, by what became of them", labels=["answer"]
        )
        for answer in ("unchanged", "changed", "refused", "unavailable"):
            family.add_metric([answer], getattr(heartbeats, answer))
        return family

    def _of_the_store(self) -> Iterator[Metric]:
        if self._store.backlog is None:
            return
        yield _gauge(
            "presence_history_backlog",
            "Changes that wait to be written to history",
            self._store.backlog,
        )
        for name, about in _TALLIES.items():
            value = self._store.tallies.get(name, 0)
            yield CounterMetricFamily(f"presence_{name}", about, value=value)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
