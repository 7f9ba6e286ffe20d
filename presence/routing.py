"""Routing: the consumers' paths, for a site's own URLRouter and for `wiring.wrap`.

Flow: path -> **routing** -> consumer.
"""

from typing import Any

from django.urls import path

from presence.consumers.heartbeat import HeartbeatConsumer
from presence.consumers.leave import LeaveConsumer
from presence.consumers.stream import StreamConsumer

CONSUMERS: dict[str, Any] = {
    "presence/heartbeat": HeartbeatConsumer.as_asgi(),
    "presence/leave": LeaveConsumer.as_asgi(),
    "presence/stream": StreamConsumer.as_asgi(),
}

urlpatterns = [path(route, consumer) for route, consumer in CONSUMERS.items()]
