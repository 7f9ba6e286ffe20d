"""One site for the whole folder, with leases as long as ever and everything else in a hurry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.people import Town
from tests.end_to_end.sites import start_with_worker
from tests.servers import ServerKind, Site, SiteFactory

HURRIED = {
    "PRESENCE_HEARTBEAT_INTERVAL": "25",
    "PRESENCE_HIDDEN_HEARTBEAT_INTERVAL": "60",
    "PRESENCE_LEASE_AFTER": "60",
    "PRESENCE_HIDDEN_LEASE_AFTER": "150",
    "PRESENCE_STREAM_RENEWAL_INTERVAL": "20",
    "PRESENCE_STREAM_LEASE_AFTER": "60",
    "PRESENCE_IDLE_AFTER": "300",
    "PRESENCE_ROOM_ACCESS": "tests.end_to_end.features.room_rule.may",
}


@pytest.fixture(scope="package")
def features_site(site_factory: SiteFactory) -> Iterator[Town]:
    """The site, by the town that everybody here makes people in."""
    with site_factory.scope() as serve, ExitStack() as stack:
        yield Town(start_with_worker(stack, serve, "uvicorn", **HURRIED))


@pytest.fixture
def town(features_site: Town) -> Iterator[Town]:
    """New people for every test."""
    town = Town(features_site.site)
    yield town
    town.close()


@pytest.fixture
def fast_town(shared_site: Callable[[ServerKind], Site]) -> Iterator[Town]:
    """People on the site whose leases last two seconds."""
    town = Town(shared_site("uvicorn"))
    yield town
    town.close()


@pytest.fixture
def own_town(site_factory: SiteFactory) -> Iterator[Callable[..., Town]]:
    """`own_town(PRESENCE_RECIPROCAL="true")`: people on a site that is this test's alone."""
    with site_factory.scope() as serve, ExitStack() as stack:

        def start(**env: str) -> Town:
            town = Town(start_with_worker(stack, serve, "uvicorn", **{**HURRIED, **env}))
            stack.callback(town.close)
            return town

        yield start
