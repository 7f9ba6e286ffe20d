"""Admission: who may hold a stream, how many, and until when.

Flow: stream consumer (what proves the viewer) -> **admission** -> watching; revoking -> **admission** -> `end`.

A token is judged by its signature alone, which nothing can take back; an open stream can be ended, and
what it was opened with be refused from then on. So a stream costs one question to Redis when it opens, and
nothing later.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from time import time

from presence.domain.instant import Instant
from presence.fanout.watch import Watch
from presence.live.connection import LiveUnavailableError
from presence.live.revocations import Revocations
from presence.service.errors import Limited, Unavailable
from presence.service.gathering import Gathering
from presence.service.revoking import name_of
from presence.service.verified_token import VerifiedToken

# Seconds; long enough that a hundred tabs too many ask three times a second together.
_PLACE_AFTER = 30.0
_TOGETHER = 500  # names a question: streams that come together share it


class RevokedError(Exception):
    """What proves the viewer was taken back."""


class Admitted:
    """One stream, from before it opens until it is closed. `end(reason)` ends it."""

    __slots__ = ("end", "proof")

    def __init__(self, proof: VerifiedToken, end: Callable[[str], None]) -> None:
        """End by `end`; whoever takes the stream over puts its own there."""
        self.proof = proof
        self.end = end

    def reason_of(self, reason: str) -> str:
        """Return why the stream ends: what comes of age with its token needs a new one first."""
        is_over = reason == "rotate" and self.proof.expires_at <= time() * 1000
        return "revoked" if is_over else reason


class Admission:
    """The streams of this process, by viewer. Bound: one entry for each stream."""

    def __init__(self, revocations: Revocations, *, most: int) -> None:
        """Refuse what is in `revocations`, and more than `most` streams of one user."""
        self._revocations = revocations
        self._most = most
        self._instants = Gathering(self._read, most=_TOGETHER)
        self._streams: dict[str, list[Admitted]] = {}

    def place(self, proof: VerifiedToken, end: Callable[[str], None]) -> Admitted:
        """Return the place of a stream that would open; `leave` gives it back.

        Raises:
            Limited: its user has as many as one may, those included that wait to be opened.
        """
        if len(self._streams.get(proof.user, ())) >= self._most:
            raise Limited("as many streams as one user may have", retry_after=_PLACE_AFTER)
        admitted = Admitted(proof, end)
        # Known before the question: what is taken back while it is on its way ends this stream as well.
        self._streams.setdefault(proof.user, []).append(admitted)
        return admitted

    async def admit(self, admitted: Admitted) -> None:
        """Let the stream in that has this place.

        Raises:
            RevokedError: what proves its user was taken back.
            Unavailable: Redis did not answer.
        """
        if await self._revoked([admitted]):
            raise RevokedError

    def bound(self, admitted: Admitted, watch: Watch) -> None:
        """Let `watch` grow no older than what proves its viewer."""
        left = admitted.proof.expires_at / 1000 - time()
        watch.expires_at = min(watch.expires_at, asyncio.get_running_loop().time() + left)

    def leave(self, admitted: Admitted) -> None:
        """Forget a stream. Harmless when it is forgotten already."""
        user = admitted.proof.user
        streams = self._streams.get(user, [])
        if admitted in streams:
            streams.remove(admitted)
            if not streams:
                del self._streams[user]

    async def rejudge(self, users: Iterable[str]) -> None:
        """End those streams of `users` whose proofs were taken back.

        Raises:
            Unavailable: Redis did not answer; ask again.
        """
        streams = [each for user in users for each in self._streams.get(user, ())]
        if streams:
            for admitted in await self._revoked(streams):
                admitted.end("revoked")

    async def _revoked(self, streams: Sequence[Admitted]) -> list[Admitted]:
        names = {
            name
            for each in streams
            for name in (each.proof.user, name_of(each.proof.user, each.proof.login))
        }
        try:
            instants = await self._instants.get_all(list(names))
        except LiveUnavailableError as error:
            raise Unavailable("the live store did not answer") from error
        return [each for each in streams if _is_revoked(each.proof, instants)]

    async def _read(self, names: Sequence[str]) -> dict[str, Instant | None]:
        return dict(zip(names, await self._revocations.of(names), strict=True))


def _is_revoked(proof: VerifiedToken, instants: dict[str, int | None]) -> bool:
    revoked_at = instants[proof.user]
    if revoked_at is not None and proof.issued_at < revoked_at:
        return True
    return bool(proof.login) and instants[name_of(proof.user, proof.login)] is not None
