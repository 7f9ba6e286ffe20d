"""Other settings than the suite's, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from presence import conf


@contextmanager
def configured(settings, **values: object) -> Iterator[None]:
    """Let `values` of PRESENCE hold inside; `settings` is pytest-django's."""
    before = settings.PRESENCE
    settings.PRESENCE = {**before, **values}
    conf.settings.cache_clear()
    try:
        yield
    finally:
        settings.PRESENCE = before
        conf.settings.cache_clear()
