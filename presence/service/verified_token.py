"""Verified token: what a token proves, and how its claims are read.

Flow: tokens (who signed it?) -> **verified token** -> who asks, since when and until when.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt
import msgspec

from presence.domain.ids import check_user
from presence.domain.instant import LATEST, Instant

_jws = jwt.PyJWS()
_claims = msgspec.json.Decoder(dict[str, Any]).decode


class Reason(StrEnum):
    """Why a token is not accepted."""

    EXPIRED = "expired"
    FORGED = "forged"
    MALFORMED = "malformed"


class InvalidTokenError(Exception):
    """The token proves nothing. `reason` says which kind of nothing, `str()` says it to a person."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason; `detail` never repeats anything out of the token."""
        super().__init__(detail)
        self.reason = reason


class Kind(StrEnum):
    """What proved somebody: who issued a token, and what for."""

    PRESENCE = "presence"
    ACCESS = "access"
    EXTERNAL = "external"
    SESSION = "session"  # no token: a page of this site


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """What a valid token proves, since when and until when.

    `login` is the mark of the session that it was issued to (see `presence.service.revoking`), "" if none.
    """

    user: str
    issued_at: Instant
    expires_at: Instant
    kind: Kind
    login: str = ""


def claimed(token: str | bytes) -> dict[str, Any]:
    """Return what `token` says of itself, which proves nothing yet.

    PyJWT does it as well, and for that reads all of the token twice: 40 us of a stream's first millisecond.

    Raises:
        ValueError, msgspec.DecodeError: this is no token.
    """
    text = token.encode() if isinstance(token, str) else token
    _, payload, _ = text.split(b".")
    return _claims(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))


def signed(token: str | bytes, key: bytes, algorithms: Sequence[str]) -> dict[str, Any]:
    """Return the claims of `token`, whose signature `key` made; raises what PyJWT and `claimed` raise.

    Nothing else of them is looked at, which for a token of our own is all there is to be.
    """
    return _claims(_jws.decode(token, key, algorithms=list(algorithms)))


def decoded(
    token: str | bytes,
    key: jwt.PyJWK | str | bytes,
    algorithms: Sequence[str],
    *,
    audience: str | None = None,
    issuer: str | None = None,
) -> dict[str, Any]:
    """Return the claims of `token`, whose signature `key` made; raises what PyJWT raises.

    Its instants are not looked at.
    """
    # The instants are compared by us, with our clock, so that a cached token and a new one agree.
    return jwt.decode(
        token,
        key,
        algorithms=list(algorithms),
        audience=audience,
        issuer=issuer,
        options={
            "require": ["exp"],
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
            "verify_sub": False,
            "verify_aud": audience is not None,
        },
    )


def proven_by(
    claims: Mapping[str, Any],
    kind: Kind,
    *,
    user_claim: str = "sub",
    prefix: str = "",
    leeway: int = 0,
) -> VerifiedToken:
    """Return what `claims` prove; `leeway`, in seconds, is added to their end.

    Raises:
        InvalidTokenError: they name no user, or no end.
        ValueError: no user can be called that.
    """
    expires: Any = claims.get("exp")
    subject = claims.get(user_claim)
    if not is_number(expires) or not 0 <= expires < LATEST // 1000 - leeway:
        raise InvalidTokenError(Reason.MALFORMED, "the token's exp is not a time")
    if isinstance(subject, bool) or not isinstance(subject, str | int):
        raise InvalidTokenError(Reason.MALFORMED, "the token does not name a user")
    return VerifiedToken(
        user=check_user(f"{prefix}{subject}"),
        issued_at=_issued_at(claims.get("iat")),
        expires_at=int((expires + leeway) * 1000),
        kind=kind,
        login=str(claims.get("login", "")) if kind is Kind.PRESENCE else "",
    )


def is_number(value: object) -> bool:
    """Return whether `value` is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _issued_at(claim: Any) -> Instant:
    """Return when that was; 0, before everything, for who does not say it."""
    if not is_number(claim) or not 0 <= claim < LATEST // 1000:
        return 0
    # A whole second may be any moment of it. The latest, or who gets a new token in the second in which the old
    # ones were taken back would be refused with it.
    return int(claim * 1000) + (999 if isinstance(claim, int) else 0)
