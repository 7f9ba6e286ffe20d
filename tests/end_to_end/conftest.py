"""Sites of each kind for the whole folder, hurried and fast, and new people for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.people import Town
from tests.end_to_end.sites import FAST, log_files, start_with_worker
from tests.servers import ServerKind, Site, SiteFactory


@pytest.fixture(scope="session")
def shared_site(site_factory: SiteFactory) -> Iterator[Callable[..., Site]]:
    """`shared_site("daphne")`: the same one for all who ask. Nothing may be printed that is a crash."""
    sites: dict[tuple[ServerKind, bool], Site] = {}
    with site_factory.scope() as serve, ExitStack() as stack:

        def shared(kind: ServerKind, *, is_fast: bool = False) -> Site:
            which = (kind, is_fast)
            if which not in sites:
                sites[which] = start_with_worker(stack, serve, kind, **(FAST if is_fast else {}))
            return sites[which]

        yield shared
        for site in sites.values():
            for log in log_files(site):
                assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(params=["uvicorn", "daphne"])
def kind(request: pytest.FixtureRequest) -> ServerKind:
    """Each server in turn."""
    return request.param


@pytest.fixture
def town(shared_site: Callable[..., Site], kind: ServerKind) -> Iterator[Town]:
    """People on the shared site, whose sessions live as long as any test."""
    town = Town(shared_site(kind))
    yield town
    town.close()


@pytest.fixture
def fast_town(shared_site: Callable[..., Site], kind: ServerKind) -> Iterator[Town]:
    """People on the shared site whose leases last three seconds."""
    town = Town(shared_site(kind, is_fast=True))
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
