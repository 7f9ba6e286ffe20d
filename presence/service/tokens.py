"""Tokens: who a request comes from, proven by a signature alone.

Flow: `Authorization`, cookie, `?token=` -> **tokens** -> user id -> every use case.

Three kinds are accepted alike: presence tokens (issued here, for pages and streams), the access tokens
of the JWT pair under /api/v1/token/, and the tokens of external issuers (see `issuers`). No query and no
thread hop: a token that was verified once is one dictionary look-up until it expires, because every
heartbeat carries one (0.2 us, where checking an HS256 signature takes 45).

What that costs: **a token cannot be taken back before it expires**, but for streams (see `admission`).
Whoever is deactivated, or signs out on a lost device, is heard until the token ends: at most TOKEN_LIFETIME
for a presence token (1 h), 15 minutes for an access token, whatever the issuer says for an external one.
Refresh tokens *are* checked against the accounts. To end everything at once, change SECRET_KEY and restart.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import jwt
import msgspec
from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac

from presence.conf import settings
from presence.domain.ids import check_user
from presence.domain.instant import Instant
from presence.service.issuers import Issuer, UnknownKeyError, read_issuers
from presence.service.verified_token import (
    InvalidTokenError,
    Kind,
    Reason,
    VerifiedToken,
    claimed,
    decoded,
    is_number,
    proven_by,
    signed,
)

__all__ = [
    "AccessTokens",
    "InvalidTokenError",
    "Kind",
    "PresenceToken",
    "Reason",
    "Tokens",
    "VerifiedToken",
    "configured",
    "issue_presence_token",
    "verify",
]

# Headers of 8 KiB are what servers and proxies let through; a token is a few hundred bytes.
MAX_TOKEN_LENGTH = 8_192
_ALGORITHM = "HS256"
_SALT = "presence.service.tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceToken:
    """A token just issued; `expires_in` is in seconds."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """How the access tokens of the JWT pair are signed; the same settings SimpleJWT signs them with."""

    key: str
    algorithm: str = _ALGORITHM
    audience: str | None = None
    issuer: str | None = None
    user_claim: str = "sub"
    type_claim: str = "token_type"


class Tokens:
    """Issues presence tokens and verifies every kind.

    Safe to share between threads and event loops: the memory of verified tokens is two plain dictionaries
    (the newer half and the older half), so that it is bounded by `capacity` and a token in use is never
    forgotten, without a lock or a linked list on the path of a heartbeat.
    """

    def __init__(
        self,
        *,
        secrets: Sequence[bytes],
        access: AccessTokens,
        issuers: Mapping[str, Issuer],
        lifetime: timedelta,
        capacity: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Sign with the first of `secrets`; accept what any of them signed."""
        self._secrets = tuple(secrets)
        self._access = access
        self._issuers = issuers
        self._lifetime = lifetime
        self._half = max(1, capacity // 2)
        self._clock = clock
        self._newer: dict[str | bytes, VerifiedToken] = {}
        self._older: dict[str | bytes, VerifiedToken] = {}

    def issue_presence_token(
        self, *, user: str, login: str = "", now: Instant | None = None
    ) -> PresenceToken:
        """Return a presence token for `user`, issued to `login` (the mark of a session, if any).

        Raises ValueError if no user can be called that.
        """
        at = int(self._clock() * 1000) if now is None else now
        expires_in = int(self._lifetime.total_seconds())
        claims: dict[str, Any] = {
            "typ": Kind.PRESENCE,
            "sub": check_user(user),
            "iat": at
            / 1000,  # to the millisecond: was it issued before or after others were taken back?
            "exp": at // 1000 + expires_in,
        }
        if login:
            claims["login"] = login
        token = jwt.encode(claims, self._secrets[0], algorithm=_ALGORITHM)
        return PresenceToken(token=token, expires_in=expires_in)

    def verify(self, token: str | bytes) -> VerifiedToken:
        """Return what `token` proves.

        Raises:
            InvalidTokenError: it proves nothing.
        """
        known = self._newer.get(token)
        if known is not None and known.expires_at > self._clock() * 1000:
            return known
        return self._verify_slowly(token)

    def _verify_slowly(self, token: str | bytes) -> VerifiedToken:
        now = self._clock() * 1000
        known = self._older.get(token)
        if known is None or known.expires_at <= now:
            known = self._check(token)
        if known.expires_at <= now:
            raise InvalidTokenError(Reason.EXPIRED, "the token has expired")
        if len(self._newer) >= self._half:
            self._newer, self._older = {}, self._newer
        self._newer[token] = known
        return known

    def _check(self, token: str | bytes) -> VerifiedToken:
        """Verify the signature and the claims; `exp` is left to the caller."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidTokenError(Reason.MALFORMED, "the token is too long")
        try:
            return self._proven(token, claimed(token))
        except UnknownKeyError:
            raise InvalidTokenError(Reason.FORGED, "the token's key is not known") from None
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
            raise InvalidTokenError(Reason.FORGED, "the token's signature is not valid") from None
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
            raise InvalidTokenError(
                Reason.FORGED, "the token is meant for something else"
            ) from None
        except (jwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError):
            raise InvalidTokenError(Reason.MALFORMED, "this is not a token") from None

    def _proven(self, token: str | bytes, claims: Mapping[str, Any]) -> VerifiedToken:
        """Let what the token claims choose who has to prove it; nothing else of it counts yet."""
        issuer = claims.get("iss")
        external = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if external is not None:
            return self._external(token, jwt.get_unverified_header(token), external)
        if claims.get("typ") == Kind.PRESENCE:
            return self._presence(token)
        return self._own_access(token)

    def _presence(self, token: str | bytes) -> VerifiedToken:
        for secret in self._secrets[:-1]:
            try:
                return proven_by(signed(token, secret, [_ALGORITHM]), Kind.PRESENCE)
            except jwt.InvalidSignatureError:
                continue  # signed before the secret was changed
        return proven_by(signed(token, self._secrets[-1], [_ALGORITHM]), Kind.PRESENCE)

    def _own_access(self, token: str | bytes) -> VerifiedToken:
        access = self._access
        claims = decoded(
            token, access.key, [access.algorithm], audience=access.audience, issuer=access.issuer
        )
        if claims.get(access.type_claim) != "access":
            raise InvalidTokenError(
                Reason.FORGED, "a refresh token opens nothing; use the access token"
            )
        return proven_by(claims, Kind.ACCESS, user_claim=access.user_claim)

    def _external(self, token: str | bytes, header: Mapping[str, Any], by: Issuer) -> VerifiedToken:
        claims = decoded(
            token, by.key_for(header), by.algorithms, audience=by.audience, issuer=by.issuer
        )
        starts = claims.get("nbf", 0)
        if not is_number(starts) or starts - by.leeway > self._clock():
            raise InvalidTokenError(Reason.FORGED, "the token is not valid yet")
        return proven_by(
            claims, Kind.EXTERNAL, user_claim=by.user_claim, prefix=by.user_prefix, leeway=by.leeway
        )


@cache
def configured() -> Tokens:
    """Return the tokens of this process's settings.

    Raises:
        ImproperlyConfigured: an external issuer is described in a way that cannot work.
    """
    pair: Mapping[str, Any] = getattr(django_settings, "SIMPLE_JWT", {})
    algorithm = pair.get("ALGORITHM", _ALGORITHM)
    signing_key = pair.get("SIGNING_KEY", django_settings.SECRET_KEY)
    secrets = (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    return Tokens(
        secrets=[salted_hmac(_SALT, "", secret, algorithm="sha256").digest() for secret in secrets],
        access=AccessTokens(
            key=signing_key if algorithm.startswith("HS") else pair.get("VERIFYING_KEY", ""),
            algorithm=algorithm,
            audience=pair.get("AUDIENCE"),
            issuer=pair.get("ISSUER"),
            user_claim=pair.get("USER_ID_CLAIM", "user_id"),
            type_claim=pair.get("TOKEN_TYPE_CLAIM", "token_type"),
        ),
        issuers=read_issuers(settings().issuers),
        lifetime=settings().token_lifetime,
        capacity=settings().token_cache,
    )


def issue_presence_token(
    *, user: str, login: str = "", now: Instant | None = None
) -> PresenceToken:
    """Return a presence token for `user`, signed with this process's settings."""
    return configured().issue_presence_token(user=user, login=login, now=now)


def verify(token: str | bytes) -> VerifiedToken:
    """Return what `token` proves; raises InvalidTokenError. See `Tokens.verify`."""
    return configured().verify(token)
