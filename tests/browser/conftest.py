"""People with a browser each, on a site whose clocks run fast."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import Person
from tests.browser.relay import Relay
from tests.browser.town import Town
from tests.browser.waiting import WITHIN
from tests.servers import Site

# A beat a second instead of every 25, so that much happens within a test; leases of several beats, so that a machine
# which is busy for a moment makes nobody offline.
FAST = {
    "PRESENCE_HEARTBEAT_INTERVAL": "1",
    "PRESENCE_HIDDEN_HEARTBEAT_INTERVAL": "2",
    "PRESENCE_LEASE_AFTER": "6",
    "PRESENCE_HIDDEN_LEASE_AFTER": "12",
    "PRESENCE_STREAM_RENEWAL_INTERVAL": "1",
    "PRESENCE_STREAM_LEASE_AFTER": "6",
    "PRESENCE_LEAVE_GRACE": "2",
    "PRESENCE_KEEPALIVE_INTERVAL": "5",
    "PRESENCE_BEAT_GAP": "0.2",
}

expect.set_options(timeout=WITHIN * 1000)


@pytest.fixture(scope="session")
def shared_site(site_factory) -> Iterator[Site]:
    """A site whose clocks run fast, for all modules that leave it as it is."""
    with site_factory.scope() as serve:
        yield serve(env=FAST)


@pytest.fixture(scope="module")
def site(request) -> Site:
    """The shared site; or one of its own, for a module with `CLOCKS` that differ."""
    clocks = getattr(request.module, "CLOCKS", None)
    if clocks is None:
        return request.getfixturevalue("shared_site")
    return request.getfixturevalue("module_serve")(env=FAST | clocks)


@pytest.fixture
async def relay(site: Site) -> AsyncIterator[Relay]:
    """A way to the site that can be cut and that can buffer; `person.address = relay.url` takes it."""
    relay = Relay(site.port)
    await relay.open()
    yield relay
    await relay.cut()


@pytest.fixture
async def newcomer(
    browser: Browser,
    site: Site,
    relay: Relay,  # which has to outlive the browsers that go through it
) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """`await newcomer()`: somebody with a new browser, not logged in.

    Nobody's page may complain, and nobody is online any more when the next test begins.
    """
    people: list[Person] = []

    async def newcomer(**context: Any) -> Person:
        person = Person(await browser.new_context(**context), site.url)
        people.append(person)
        person.context.set_default_timeout(WITHIN * 1000)
        person.context.on("request", person.note_stream)
        return person

    yield newcomer
    for person in people:
        await person.context.close()
    await Town(site).become_quiet()
    assert [each for person in people for each in person.complaints] == []


@pytest.fixture
async def log_in(newcomer) -> Callable[..., Awaitable[Person]]:
    """`ana = await log_in("ana")`: a person with a new browser, logged in."""

    async def log_in(name: str, **context: Any) -> Person:
        person = await newcomer(**context)
        await person.log_in(name)
        return person

    return log_in


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, and bound it: a page that never answers would hold the suite up."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")
            item.add_marker("slow")
            item.obj = _within(120, item.obj)


def _within(seconds: float, test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def bounded(*arguments: Any, **named: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*arguments, **named)

    return bounded
