"""Connection: the way to Redis, be it one server, Sentinel's master or a Cluster.

Flow: live -> **connection** -> Redis.

Few connections with short timeouts and one retry: a heartbeat must fail fast when Redis is gone, not
queue up behind it (redis-py's own defaults are 100 connections and 10 retries).
"""

import asyncio
from collections.abc import Iterable, Sequence
from hashlib import sha1
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from presence.live import scripts
from presence.live.keys import Keys

_Sentinel: Any = Sentinel  # redis-py has no annotations for it

_CONNECTIONS = 8  # per process and loop; batches share them, so more would only wait inside Redis
_TIMEOUT = 2.0  # seconds for one round trip; a script over 500 entries takes about 2 ms
_GIVE_UP = (
    3.0  # seconds for a script with its retry: then the caller says 503 and the client comes back
)
_WAIT = 5.0  # seconds to wait for a free connection before giving up
_TOGETHER = 100  # scripts in one write; of commits, the longest, Redis does so many in 3 ms


class LiveUnavailableError(Exception):
    """Redis cannot be reached, or is not in a state to answer. Nothing is known about the request."""


class _Call:
    """A script that waits to be run."""

    __slots__ = ("args", "keys", "reply", "script")

    def __init__(self, script: str, keys: Sequence[str], args: Sequence[Any]) -> None:
        self.script = script
        self.keys = keys
        self.args = args
        self.reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def settle(self, reply: Any) -> None:
        """Give `reply`, an error or not, to who waits, if they do so still."""
        if self.reply.done():
            return
        if isinstance(reply, Exception):
            self.reply.set_exception(reply)
        else:
            self.reply.set_result(reply)


class Connection:
    """One process's (and event loop's) way to the live store."""

    def __init__(self, url: str, keys: Keys) -> None:
        """Prepare; nothing is connected before the first request."""
        self.keys = keys
        self.is_cluster = urlsplit(url).scheme.endswith("+cluster")
        self._redis = _client(url)
        self._calls: list[_Call] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._sources = {name: scripts.source(name) for name in scripts.NAMES}
        self._digests = {
            name: sha1(text.encode(), usedforsecurity=False).hexdigest()
            for name, text in self._sources.items()
        }

    @property
    def redis(self) -> Any:
        """Return the client, for plain commands; wrap their awaiting in `guarded`."""
        return self._redis

    def groups(self, shards: Iterable[int]) -> list[list[int]]:
        """Return `shards` in groups whose keys one script may touch together.

        One server takes all at once; on a Cluster every shard lies in a slot of its own.
        """
        return [[shard] for shard in shards] if self.is_cluster else [list(shards)]

    async def run(self, script: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run a script by its digest; after a restart of Redis send its text again.

        What is run in the same turn of the loop leaves in one write (but on a Cluster, where each goes to a node
        of its own): a round trip costs this process about 200 us, one more script in it a quarter of that.

        Raises:
            LiveUnavailableError: Redis did not answer.
        """
        call = _Call(script, keys, args)
        if not self._calls:
            asyncio.get_running_loop().call_soon(self._send)
        self._calls.append(call)
        try:
            async with asyncio.timeout(_GIVE_UP):
                return await call.reply
        except TimeoutError:
            raise LiveUnavailableError(f"no answer within {_GIVE_UP:g} s") from None

    def _send(self) -> None:
        waiting, self._calls = self._calls, []
        calls = [call for call in waiting if not call.reply.done()]  # else nobody waits any more
        together = 1 if self.is_cluster else _TOGETHER
        for start in range(0, len(calls), together):
            sending = asyncio.create_task(self._run(calls[start : start + together]))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)

    async def _run(self, calls: Sequence[_Call]) -> None:
        try:
            replies = await self._replies(calls)
        except asyncio.CancelledError:
            replies = [LiveUnavailableError("the connection is being closed")] * len(calls)
        except Exception as error:  # noqa: BLE001 (whoever waits must hear of it, whatever it is)
            replies = [error] * len(calls)
        for call, reply in zip(calls, replies, strict=True):
            call.settle(reply)

    async def _replies(self, calls: Sequence[_Call]) -> list[Any]:
        if len(calls) == 1:
            return [await self._reply(calls[0])]
        async with self._redis.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.evalsha(self._digests[call.script], len(call.keys), *call.keys, *call.args)
            replies: list[Any] = await guarded(pipe.execute(raise_on_error=False))
        for place, reply in enumerate(replies):
            if isinstance(reply, NoScriptError):
                replies[place] = await self._reply(calls[place])
            elif isinstance(reply, RedisError):
                replies[place] = LiveUnavailableError(f"{type(reply).__name__}: {reply}")
        return replies

    async def _reply(self, call: _Call) -> Any:
        command = len(call.keys), *call.keys, *call.args
        try:
            return await guarded(self._redis.evalsha(self._digests[call.script], *command))
        except NoScriptError:
            return await guarded(self._redis.eval(self._sources[call.script], *command))

    async def close(self) -> None:
        """Close every connection, and let nothing open another one."""
        self._calls.clear()
        for sending in self._sending:
            sending.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._redis.aclose()


async def guarded(reply: Any) -> Any:
    """Await a reply of Redis. Untyped, as redis-py's annotations fit neither decoding nor asyncio.

    Raises:
        LiveUnavailableError: Redis did not answer, or not as one that can serve.
    """
    try:
        return await reply
    except NoScriptError:
        raise
    except (RedisError, OSError) as error:
        raise LiveUnavailableError(f"{type(error).__name__}: {error}") from error


def _client(url: str) -> Any:
    options: dict[str, Any] = {
        "socket_timeout": _TIMEOUT,
        "socket_connect_timeout": _TIMEOUT,
        "retry": Retry(NoBackoff(), 1),
    }
    parts = urlsplit(url)
    if parts.scheme.endswith("+cluster"):
        plain = url.replace("+cluster", "", 1)
        return RedisCluster.from_url(plain, **options)
    if parts.scheme.endswith("+sentinel"):
        hosts = [host.rpartition(":") for host in parts.netloc.rpartition("@")[2].split(",")]
        master, _, database = parts.path.strip("/").partition("/")
        sentinel: Any = _Sentinel(
            [(name, int(port)) for name, _, port in hosts],
            sentinel_kwargs={"socket_timeout": _TIMEOUT},
            password=parts.password,
            db=int(database or 0),
            **options,
        )
        return sentinel.master_for(
            master, connection_pool_class=SentinelConnectionPool, max_connections=_CONNECTIONS
        )
    pool = BlockingConnectionPool.from_url(
        url, max_connections=_CONNECTIONS, timeout=_WAIT, **options
    )
    return Redis.from_pool(pool)
