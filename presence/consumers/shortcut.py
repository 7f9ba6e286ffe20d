"""Shortcut: unchanged heartbeats, answered without a task or a request object.

Flow: serving.protocol -> **shortcut** -> service.heartbeats -> serving.protocol; the rest -> heartbeat.

Whose request it is, what its body says and what is answered is decided by the same functions as in the
consumer. Here is only what nearly every heartbeat is: a valid one of a session that goes on as it was.
"""

from collections.abc import Callable, Sequence
from typing import Any

from presence.consumers.authentication import Authentication
from presence.consumers.bodies import heartbeat_of
from presence.consumers.exchange import Exchange, ProblemError
from presence.consumers.heartbeat import HeartbeatConsumer, answer_of
from presence.consumers.origins import Origins
from presence.service.heartbeats import Beat
from presence.wiring import parts


class HeartbeatShortcut:
    """Answers unchanged heartbeats of one event loop."""

    def __init__(self, path: str) -> None:
        """Answer at `path`. Made inside of the loop that serves."""
        self.path = path.encode()
        self._joined = parts()
        self.longest = self._joined.settings.max_body
        self._origins = Origins(self._joined.settings.allowed_origins)
        self._user_of = Authentication(self._origins)

    def admit(self, headers: Sequence[tuple[bytes, bytes]]) -> tuple[str, bytes] | None:
        """Return the user and the answer's own header fields."""
        exchange = Exchange({"headers": headers}, _unused, _unused)
        if not HeartbeatConsumer.takes(exchange):
            return None
        self._origins.admit(exchange)
        try:
            user = self._user_of.user(exchange)
        except ProblemError:
            return None
        extra = b"".join(b"%s: %s\r\n" % field for field in exchange.extra)
        return user, extra

    def answer(
        self, admitted: tuple[str, bytes], body: bytes, done: Callable[[bytes | None], None]
    ) -> None:
        """Renew the lease; it is in Redis when `done` is called with an answer."""
        user, extra = admitted
        epoch = self._joined.epoch.known
        try:
            beat = heartbeat_of(body, 0)
        except ProblemError:
            done(None)
            return
        if beat.since is not None or beat.rooms or not epoch:
            done(None)
            return

        def renewed(result: Beat | None) -> None:
            if result is None:
                done(None)
                return
            text = answer_of(result, epoch)
            done(
                b"%scontent-type: application/json\r\ncache-control: no-store\r\n"
                b"content-length: %d\r\n\r\n%s}" % (extra, len(text) + 1, text)
            )

        self._joined.heartbeats.renew(
            user=user,
            session=beat.session,
            activity=beat.activity,
            device=beat.said_device,
            done=renewed,
        )


async def _unused(*_args: Any) -> Any:
    raise AssertionError("a shortcut neither receives nor sends")
