"""Sites that are one test's alone, whose parts may be taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.people import Town
from tests.end_to_end.sites import start_with_worker
from tests.servers import SiteFactory


@pytest.fixture
def start_town(site_factory: SiteFactory) -> Iterator[Callable[..., Town]]:
    """`start_town("daphne", PRESENCE_LEASE_AFTER="9")`: people on a site of their own."""
    with site_factory.scope() as serve, ExitStack() as stack:

        def start(kind="uvicorn", *, serve_options=None, **env: str) -> Town:
            def serving(**options):
                return serve(**{**options, **(serve_options or {})})

            town = Town(start_with_worker(stack, serving, kind, **env))
            stack.callback(town.close)
            return town

        yield start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if "tests/faults/" in item.path.as_posix():
            item.add_marker("faults")
            item.add_marker("slow")
