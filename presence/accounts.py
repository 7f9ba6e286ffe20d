"""Accounts: what happens to Django's accounts and logins, for as much as it ends streams.

Flow: django.contrib.auth (deactivated, deleted, new password, logged out) -> **accounts** -> service.revoking.

The only receivers of Django's signals here: accounts are the host's, and nothing else tells of them. What
goes past signals (`QuerySet.update`, SQL) is not heard of; such tokens end when they end.
"""

from collections.abc import Callable
from functools import partial
from time import time
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from presence.domain.instant import Instant
from presence.service.errors import Unavailable
from presence.service.revoking import login_of
from presence.wiring import call

log = structlog.get_logger(__name__)


def listen() -> None:
    """Hear of accounts from now on."""
    post_save.connect(_saved, sender=settings.AUTH_USER_MODEL, dispatch_uid="presence-saved")
    post_delete.connect(_deleted, sender=settings.AUTH_USER_MODEL, dispatch_uid="presence-deleted")
    user_logged_out.connect(_logged_out, dispatch_uid="presence-logged-out")


def _saved(*, instance: Any, created: bool, using: str, raw: bool = False, **_: Any) -> None:
    if created or raw:
        return
    now = int(time() * 1000)
    if not instance.is_active:
        _after_commit(using, partial(_revoke, str(instance.pk), at=_next_second(now)))
    elif getattr(instance, "_password", None) is not None:
        # Django keeps a new password there until it is saved, and not when it only stores the old one anew.
        _after_commit(using, partial(_revoke, str(instance.pk), at=now))


def _deleted(*, instance: Any, using: str, **_: Any) -> None:
    at = _next_second(int(time() * 1000))
    _after_commit(using, partial(_revoke, str(instance.pk), at=at))


def _logged_out(*, request: Any, user: Any, **_: Any) -> None:
    login = login_of(getattr(getattr(request, "session", None), "session_key", None))
    if user is not None and login:
        _revoke(str(user.pk), login, at=int(time() * 1000))


def _next_second(at: Instant) -> Instant:
    """Return the end of the second of `at`: the tokens of SimpleJWT say no more than in which one they were made."""
    return at - at % 1000 + 1000


def _after_commit(using: str, do: Callable[[], None]) -> None:
    transaction.on_commit(do, using=using, robust=True)


def _revoke(user: str, login: str = "", *, at: Instant) -> None:
    try:
        call(lambda parts: parts.revoking.revoke(user=user, login=login, at=at))
    except (Unavailable, TimeoutError) as error:
        # What the host did holds all the same; a logout must not fail because Redis is away.
        log.warning("streams_not_ended", user=user, reason=str(error))
