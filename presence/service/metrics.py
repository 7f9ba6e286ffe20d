"""Metrics: this process's figures, for Prometheus.

Flow: /metrics -> **metrics** -> hub, following, attachments.

Read when somebody asks, never counted on the way: no figure costs a heartbeat or a stream anything.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from presence.fanout.hub import Hub
from presence.service.attachments import Attachments
from presence.service.following import Following


class Figures(Collector):
    """What one event loop is doing."""

    def __init__(self, hub: Hub, following: Following, attachments: Attachments) -> None:
        """Read from these."""
        self._hub = hub
        self._following = following
        self._attachments = attachments
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

    def text(self) -> bytes:
        """Return every figure in Prometheus' text format."""
        return generate_latest(self._registry)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)
