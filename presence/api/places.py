"""Places: where a page of history ends, as the opaque `cursor` that a client hands back.

Flow: last row of a page -> **place** -> `next` -> `?cursor=` -> the page after it.

Encrypted, because the place is exact to the millisecond where the viewer may know the day at most; and with a
cipher that gives the same text for the same place (AES-SIV), so that the page keeps its ETag.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.utils.crypto import salted_hmac

from presence.service.past import Place

_SALT = "presence.api.places"
_NOT_OURS = "a cursor is what `next` of the page before said"


def write_place(place: Place, *, user: str) -> str:
    """Return `place` in the history of `user` as a cursor."""
    sealed = _cipher().encrypt(f"{place[0]}.{place[1]}".encode(), [user.encode()])
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read_place(text: str, *, user: str) -> Place:
    """Return the place that the cursor means; raises ValueError for any other text."""
    try:
        sealed = urlsafe_b64decode(text.encode("ascii") + b"==")
        at, _, row = _cipher().decrypt(sealed, [user.encode()]).decode().partition(".")
    except (ValueError, InvalidTag):
        raise ValueError(_NOT_OURS) from None
    return int(at), int(row)


def _cipher() -> AESSIV:
    key = salted_hmac(_SALT, "", settings.SECRET_KEY, algorithm="sha512").digest()
    return AESSIV(key)
