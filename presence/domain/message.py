"""Message: the short text and emoji that a user shows beside the dot.

Flow: surface -> **message** (refuse what is malformed) -> record -> face.
"""

import unicodedata
from dataclasses import dataclass

from presence.domain.instant import Instant

MAX_TEXT_LENGTH = 140
MAX_EMOJI_LENGTH = 16  # a family with skin tones is 11 code points


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the user wrote; it ends by itself at `until`."""

    text: str
    emoji: str = ""
    until: Instant | None = None

    def is_over(self, now: Instant) -> bool:
        """Return whether the message has ended."""
        return self.until is not None and self.until <= now


def check_text(text: str, longest: int = MAX_TEXT_LENGTH) -> str:
    """Return `text` trimmed; raises ValueError when it is too long or holds control characters.

    Joiners (Cf) stay allowed: emoji families and several scripts need them. Direction overrides do
    not: they let a message rewrite the line it stands in.
    """
    text = text.strip()
    if len(text) > longest:
        raise ValueError(f"at most {longest} characters, not {len(text)}")
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _OVERRIDES:
            raise ValueError("no control characters, line breaks or direction overrides")
    return text


_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
