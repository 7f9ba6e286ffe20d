"""All parts of a process, joined over the suite's servers with durations that a test can wait for."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from presence.conf import Settings
from presence.parts import join as join_parts


def ms(count):
    return timedelta(milliseconds=count)


SHORT_LEASES = {
    "heartbeat_interval": ms(20),
    "hidden_heartbeat_interval": ms(20),
    "jitter": 0.0,
    "lease_after": ms(200),
    "hidden_lease_after": ms(200),
    "stream_lease_after": ms(200),
    "stream_renewal_interval": ms(50),
    "leave_grace": ms(30),
}


async def until(ask, is_it=bool, *, within=15.0):
    """Ask again until the answer is the one waited for, and return it."""
    async with asyncio.timeout(within):
        while True:
            answer = ask()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if is_it(answer):
                return answer
            await asyncio.sleep(0.005)


@asynccontextmanager
async def processes(redis_url):
    """A function that starts processes: `web = join(shards=2)`; they end with the block."""
    joined = []

    def join(*, is_heard=True, **options):
        settings = Settings(
            redis_url=redis_url,
            **{"shards": 2, "verify_interval": ms(50), "flush_interval": ms(10), **options},
        )
        layer = None
        if not is_heard:  # what it publishes goes to a channel layer of its own
            layer = channel_layers.set("default", InMemoryChannelLayer())
        try:
            joined.append(join_parts(settings))
        finally:
            if layer is not None:
                channel_layers.set("default", layer)
        return joined[-1]

    get_channel_layer()
    yield join
    for parts in joined:
        await parts.close()
    await get_channel_layer().flush()


async def calls(parts, *names):
    """How often the server has run these commands, from whomever."""
    stats = await parts.connection.redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in names)


async def face_of(parts, user):
    """What others see of `user`, asked anew."""
    return (await parts.faces.of([user]))[user].face
