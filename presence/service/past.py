"""Past: what a viewer may know of a user's transitions.

Flow: API -> **past** -> history.queries, through the viewer's lens -> API.

Who may not see somebody's last-seen may not see their past either, and who sees it by the hour or the day sees
the past by the hour or the day: the instants, and also the bounds that are asked for, since narrowing them
would tell the instant (20 questions halve a day down to 0.1 s).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.utils import timezone

from presence.domain.face import Face
from presence.domain.instant import LATEST, Instant, from_datetime
from presence.domain.rhythm import HOUR, Rhythm, rhythm_of
from presence.domain.status import Status
from presence.domain.visibility import Lens
from presence.history.queries import StoredTransition, transitions_of, was_reachable_at

_STEPS = {Lens.HOUR: 3_600_000, Lens.DAY: 86_400_000}
_WEEK = 7 * 24 * HOUR
_MOST = 10_000  # transitions: 12 weeks of one every 12 minutes, day and night
Place = tuple[Instant, int]


def past_of(
    *,
    user: str,
    lens: Lens,
    since: Instant | None = None,
    until: Instant | None = None,
    before: Place | None = None,
    limit: int,
) -> tuple[Sequence[StoredTransition], Place | None]:
    """Return at most `limit` transitions of `user`, newest first, and the place of the next page.

    The place is exact whatever the lens, so that pages neither repeat nor skip: keep it from the viewer.
    """
    if lens in {Lens.NOTHING, Lens.HIDDEN}:
        return [], None
    step = _STEPS.get(lens, 1)
    found = transitions_of(
        user=user,
        since=since if since is None else since - since % step,
        until=until if until is None else min(until + -until % step, LATEST),
        before=before,
        limit=limit + 1,
    )
    page = found[:limit]
    place = (page[-1].at, page[-1].id) if len(found) > limit else None
    return [_coarse(each, step) for each in page], place


def statuses_at(*, lenses: Mapping[str, Lens], at: Instant) -> dict[str, Status]:
    """Return the status that each user showed at `at`, or at the beginning of the hour or day it lies in.

    Who hides their past from the viewer, or has none, is left out.
    """
    found: dict[str, Status] = {}
    for lens in set(lenses.values()) - {Lens.NOTHING, Lens.HIDDEN}:
        step = _STEPS.get(lens, 1)
        users = [user for user, own in lenses.items() if own is lens]
        found |= was_reachable_at(users, at - at % step)
    return found


def rhythm_of_user(*, user: str, lens: Lens, weeks: int) -> Rhythm:
    """Return the minutes that `user` was reachable in each hour of the week, over the last `weeks`.

    All zeros where the viewer may not know to the hour when the user was here. Very busy pasts count from
    their newest `_MOST` transitions on.
    """
    until = from_datetime(timezone.now())
    since = until - until % HOUR - weeks * _WEEK
    found: Sequence[StoredTransition] = []
    if lens in {Lens.SELF, Lens.EXACT, Lens.HOUR}:
        found = transitions_of(user=user, since=since, until=until, limit=_MOST)
    if len(found) == _MOST:
        since = found[-1].at
    changes = [(each.at, each.before, each.after.status) for each in reversed(found)]
    return rhythm_of(changes, since=since, until=until)


def _coarse(transition: StoredTransition, step: int) -> StoredTransition:
    if step == 1:
        return transition
    after: Face = replace(
        transition.after,
        since=_floor(transition.after.since, step),
        last_seen=_floor(transition.after.last_seen, step),
    )
    return replace(transition, at=transition.at - transition.at % step, after=after)


def _floor(at: Instant | None, step: int) -> Instant | None:
    return None if at is None else at - at % step
