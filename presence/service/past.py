"""Past: what a viewer may know of a user's transitions.

Flow: API -> **past** -> history.queries, through the viewer's lens -> API.

Who may not see somebody's last-seen may not see their past either, and who sees it by the hour or the day sees
the past by the hour or the day: the instants, and also the bounds that are asked for, since narrowing them
would tell the instant (20 questions halve a day down to 0.1 s).
"""

from collections.abc import Sequence
from dataclasses import replace

from presence.domain.face import Face
from presence.domain.instant import Instant
from presence.domain.visibility import Lens
from presence.history.queries import StoredTransition, transitions_of

_STEPS = {Lens.HOUR: 3_600_000, Lens.DAY: 86_400_000}
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
        until=until if until is None else until + -until % step,
        before=before,
        limit=limit + 1,
    )
    page = found[:limit]
    place = (page[-1].at, page[-1].id) if len(found) > limit else None
    return [_coarse(each, step) for each in page], place


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
