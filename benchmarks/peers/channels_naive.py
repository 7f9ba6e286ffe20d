"""The consumer that Channels' documentation leads to: AsyncHttpConsumer, one group, the Redis pub/sub layer.

`python channels_naive.py uvicorn|daphne PORT`; the layer's Redis in REDIS_URL. Also POST /beat: a heartbeat that
writes a deadline to Redis by itself, from a consumer with the layer.
"""

import os
import sys

import django
from channels.generic.http import AsyncHttpConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings

REDIS = os.environ["REDIS_URL"]
settings.configure(
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS]},
        }
    },
)
django.setup()

from django.urls import path  # noqa: E402
from redis.asyncio import Redis  # noqa: E402

store = Redis.from_url(REDIS)


class Events(AsyncHttpConsumer):
    """A stream."""

    async def http_request(self, message):
        """Answer without ending, so that the layer's messages arrive."""
        await self.handle(b"")

    async def handle(self, body):
        """Join the group and begin."""
        await self.channel_layer.group_add("presence", self.channel_name)
        await self.send_headers(headers=[(b"Content-Type", b"text/event-stream")])
        await self.send_body(b":\n\n", more_body=True)

    async def presence_event(self, message):
        """Send one event."""
        event = f"event: presence\ndata: {message['data']}\n\n"
        await self.send_body(event.encode(), more_body=True)

    async def disconnect(self):
        """Leave the group."""
        await self.channel_layer.group_discard("presence", self.channel_name)


class Publish(AsyncHttpConsumer):
    """The publisher."""

    async def handle(self, body):
        """Send to the group."""
        message = {"type": "presence.event", "data": body.decode()}
        await self.channel_layer.group_send("presence", message)
        await self.send_response(204, b"")


class Beat(AsyncHttpConsumer):
    """A heartbeat."""

    async def handle(self, body):
        """Move the deadline."""
        await store.zadd("deadlines", {"u1:s1": 1.0})
        await self.send_response(204, b"")


application = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [
                path("events", Events.as_asgi()),
                path("pub", Publish.as_asgi()),
                path("beat", Beat.as_asgi()),
            ]
        )
    }
)

if sys.argv[1] == "uvicorn":
    import uvicorn

    uvicorn.run(
        application,
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        backlog=4096,
    )
else:
    from daphne.endpoints import build_endpoint_description_strings
    from daphne.server import Server

    Server(
        application,
        endpoints=build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[2])),
        verbosity=0,
        signal_handlers=True,
    ).run()
