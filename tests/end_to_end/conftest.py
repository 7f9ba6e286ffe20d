"""One fast site of each kind for the whole folder, and new people for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.people import Town
from tests.end_to_end.sites import log_files, start_with_worker
from tests.servers import ServerKind, Site, SiteFactory


@pytest.fixture(scope="session")
def shared_site(site_factory: SiteFactory) -> Iterator[Callable[[ServerKind], Site]]:
    """`shared_site("daphne")`: the same one for all who ask. Nothing may be printed that is a crash."""
    sites: dict[ServerKind, Site] = {}
    with site_factory.scope() as serve, ExitStack() as stack:

        def shared(kind: ServerKind) -> Site:
            if kind not in sites:
                sites[kind] = start_with_worker(
                    stack, serve, kind, PRESENCE_ALLOWED_ORIGINS="https://app.example"
                )
            return sites[kind]

        yield shared
        for site in sites.values():
            for log in log_files(site):
                assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(params=["uvicorn", "daphne"])
def kind(request: pytest.FixtureRequest) -> ServerKind:
    """Each server in turn."""
    return request.param


@pytest.fixture
def site(shared_site: Callable[[ServerKind], Site], kind: ServerKind) -> Site:
    """The shared site of that kind."""
    return shared_site(kind)


@pytest.fixture
def town(site: Site) -> Iterator[Town]:
    """People on the shared site."""
    town = Town(site)
    yield town
    town.close()


@pytest.fixture
def own_town(site_factory: SiteFactory, kind: ServerKind) -> Iterator[Callable[..., Town]]:
    """`own_town(PRESENCE_STREAM_AGE="2")`: people on a site that is this test's alone."""
    with site_factory.scope() as serve, ExitStack() as stack:

        def start(**env: str) -> Town:
            town = Town(start_with_worker(stack, serve, kind, **env))
            stack.callback(town.close)
            return town

        yield start
