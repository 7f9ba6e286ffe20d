"""Authentication: whose request this is.

Flow: `Authorization`, cookie, `?token=`, token in the body -> **authentication** -> user id.

A cookie comes by itself, so a request that brings nothing else must come from a page that may act for its
user (see `origins`). A token in a URL ends up in logs; it is taken for streams alone, because EventSource
can send no header, and no log line of ours has a query in it.
"""

from presence.consumers.exchange import Exchange, ProblemError, refuse
from presence.consumers.origins import Origins
from presence.service import tokens

COOKIE = "presence_token"
_COOKIE = COOKIE.encode() + b"="
_BEARER = b"bearer "


class Authentication:
    """Tells users from requests."""

    def __init__(self, origins: Origins) -> None:
        """Take cookies from the pages that `origins` trusts."""
        self._origins = origins

    def user(self, exchange: Exchange, given: str | None = None) -> str:
        """Return the user whom the request's token names; raises what `proof` raises."""
        return self.proof(exchange, given).user

    def proof(self, exchange: Exchange, given: str | None = None) -> tokens.VerifiedToken:
        """Return what the request's token proves; `given` is one from the query or body.

        Raises:
            ProblemError: 401, there is none or it proves nothing; 403, a cookie from another site.
        """
        header = exchange.headers.get(b"authorization")
        token: str | bytes | None = given
        if header is not None and header[:7].lower() == _BEARER:
            token = header[7:].strip()
        if not token:
            token = _cookie(exchange.headers.get(b"cookie", b""))
            if token and not self._origins.is_trusted(exchange):
                raise refuse(403, "this page may not act for the user who is signed in")
        if not token:
            raise unauthorized("a token is needed: Authorization: Bearer <token>")
        try:
            return tokens.verify(token)
        except tokens.InvalidTokenError as error:
            raise unauthorized(str(error)) from None


def unauthorized(detail: str) -> ProblemError:
    """Return the error that answers 401, and says what is wanted."""
    error = refuse(401, detail)
    error.headers = [(b"www-authenticate", b"Bearer")]
    return error


def _cookie(header: bytes) -> bytes | None:
    for pair in map(bytes.strip, header.split(b";")):
        if pair.startswith(_COOKIE):
            return pair[len(_COOKIE) :]
    return None
