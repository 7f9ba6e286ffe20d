"""Quotas: how much one user, one address and one account name may ask for.

Flow: API throttles, lookups -> **quotas** -> Django's cache.

A sliding window of two counters in Django's cache: the running period's, and the last one's in the share
that still reaches into the window. That bounds memory to two numbers for each caller (DRF's own throttles keep a
list of every instant), counts exactly under concurrency (`incr`), and lets one request cost more than one:
looking up 1,000 people costs 1,000, which is what keeps the service from being a stalking tool.

When the cache is out of reach nobody is refused: presence itself then answers 503 where it must.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, time
from typing import Any

from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache

log = logging.getLogger(__name__)

_PERIODS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
# What holds where a site's DEFAULT_THROTTLE_RATES says nothing of a scope (docs/api.md has the table).
DEFAULT_RATES = {
    "reads": "1200/min",
    "writes": "240/min",
    "lookups": "30000/hour",
    "claims": "3000/min",
    "address": "6000/min",
    "failed_logins": "10/min",
}
# While the cache is down, every request would otherwise wait for its timeout (1 s) in vain.
_RETRY_CACHE_AFTER = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many in so many seconds."""

    number: int
    period: int


def rate_of(scope: str) -> Rate | None:
    """Return the rate of `scope`, by the settings (`"60/min"`) or else by default; None is no limit."""
    framework: Mapping[str, Any] = getattr(django_settings, "REST_FRAMEWORK", {})
    text = framework.get("DEFAULT_THROTTLE_RATES", {}).get(scope, DEFAULT_RATES[scope])
    if text is None:
        return None
    number, _, period = str(text).partition("/")
    return Rate(number=int(number), period=_PERIODS[period[0]])


class Counters:
    """What callers have asked for lately. Safe to share between threads and processes."""

    def __init__(self, cache: BaseCache, clock: Callable[[], float] = time) -> None:
        """Count in `cache`, by `clock`."""
        self._cache = cache
        self._clock = clock
        self._is_down_until = 0.0

    def wait_before(
        self, *, rate: Rate, key: str, cost: int = 1, count: bool = True
    ) -> float | None:
        """Take `cost` out of the `rate` of `key`; return None, or in how many seconds to ask again.

        With `count=False` nothing is taken: it only looks.
        """
        if monotonic() < self._is_down_until:
            return None
        try:
            return self._wait_before(rate, key, cost, count=count)
        except Exception as error:  # noqa: BLE001  (each cache backend raises its own)
            log.warning("no throttling for %s s: %s", _RETRY_CACHE_AFTER, error)
            self._is_down_until = monotonic() + _RETRY_CACHE_AFTER
            return None

    def _wait_before(self, rate: Rate, key: str, cost: int, *, count: bool) -> float | None:
        periods, passed = divmod(self._clock(), rate.period)
        share = passed / rate.period
        running, last = f"{key}:{int(periods)}", f"{key}:{int(periods) - 1}"
        counts: dict[str, int] = self._cache.get_many([running, last])
        before = counts.get(last, 0)
        room = rate.number - counts.get(running, 0) - cost
        if room < 0:  # the running period alone is too full: wait for the next
            return rate.period - passed
        if before * (1 - share) > room:
            return (1 - room / before - share) * rate.period
        if count:
            self._cache.add(running, 0, 2 * rate.period)
            self._cache.incr(running, cost)
        return None


_counters = Counters(cache)


def wait_before(*, scope: str, ident: str, cost: int = 1, count: bool = True) -> float | None:
    """Take `cost` out of what `ident` has in `scope`; see `Counters.wait_before`."""
    rate = rate_of(scope)
    if rate is None:
        return None
    return _counters.wait_before(rate=rate, key=f"throttle:{scope}:{ident}", cost=cost, count=count)
