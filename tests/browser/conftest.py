"""People with a browser each, on a site whose clocks run fast."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Request, expect

from tests.servers import Site

# A beat a second instead of every 25: the relations between the numbers are those of the defaults.
FAST = {
    "PRESENCE_HEARTBEAT_INTERVAL": "1",
    "PRESENCE_HIDDEN_HEARTBEAT_INTERVAL": "2",
    "PRESENCE_LEASE_AFTER": "3",
    "PRESENCE_HIDDEN_LEASE_AFTER": "6",
    "PRESENCE_STREAM_RENEWAL_INTERVAL": "1",
    "PRESENCE_STREAM_LEASE_AFTER": "3",
    "PRESENCE_LEAVE_GRACE": "1",
    "PRESENCE_KEEPALIVE_INTERVAL": "1",
    "PRESENCE_BEAT_GAP": "0.2",
}
CONNECTION = "globalThis[Symbol.for('presence.connections')].values().next().value"


@dataclass
class Tab:
    """One tab of a person."""

    page: Page

    def person(self, name: str) -> Locator:
        """The line of `name` in the list of people."""
        return self.page.locator("presence-list li").filter(
            has=self.page.get_by_text(name, exact=True)
        )

    async def sees(self, name: str, words: str, *, within: float = 5.0) -> None:
        """Wait until `name` is shown with these words."""
        await expect(self.person(name).locator(".line")).to_contain_text(
            words, timeout=within * 1000
        )

    async def sees_status(self, name: str, status: str, *, within: float = 5.0) -> None:
        """Wait until the dot of `name` has the shape of this status."""
        await expect(self.person(name)).to_have_attribute(
            "data-status", status, timeout=within * 1000
        )

    async def is_live(self, *, within: float = 10.0) -> None:
        """Wait until the stream is there, in this tab or another."""
        shown = self.page.get_by_text("this tab holds the stream").or_(
            self.page.get_by_text("relayed by another tab")
        )
        await expect(shown).to_be_visible(timeout=within * 1000)

    async def leads(self) -> bool:
        """Whether this tab holds the stream."""
        return bool(await self.page.evaluate(f"{CONNECTION}.leading"))

    async def hide(self) -> None:
        """Have the page hidden, as when another tab or window covers it (headless pages never are)."""
        await self.page.evaluate(
            "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});"
            "void document.dispatchEvent(new Event('visibilitychange'))"
        )

    async def show(self) -> None:
        """Have the page visible again."""
        await self.page.evaluate(
            "delete document.hidden; void document.dispatchEvent(new Event('visibilitychange'))"
        )

    async def sessions(self) -> list[dict[str, Any]]:
        """One's sessions, as the server knows them."""
        answer = await self.page.evaluate(f"{CONNECTION}.request('GET', '/me/sessions/')")
        return list(answer["sessions"])

    async def record_changes(self) -> None:
        """Note every change that is shown from now on; `changes` reads them."""
        await self.page.evaluate(
            f"globalThis.noted = []; void {CONNECTION}.on('change', "
            "({ user, record }) => noted.push([user, record?.status, record?.stale]))"
        )

    async def changes(self) -> list[list[Any]]:
        """What was shown since `record_changes`: user, status and whether it was grey."""
        return list(await self.page.evaluate("noted"))


@dataclass
class Person:
    """Somebody with a browser of their own."""

    context: BrowserContext
    site: Site
    streams: list[str] = field(default_factory=list)  # the streams that were asked for
    complaints: list[str] = field(default_factory=list)

    async def open_tab(self) -> Tab:
        """Open the page in a new tab, and wait until it is live."""
        tab = Tab(await self.context.new_page())
        tab.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.page.on("console", self._listen)
        await tab.page.goto(f"{self.site.url}/")
        await tab.is_live()
        return tab

    async def log_in(self, name: str) -> None:
        """Log in as the form would, without a page."""
        login = f"{self.site.url}/accounts/login/"
        await self.context.request.get(login)
        cookies = {each["name"]: each["value"] for each in await self.context.cookies(login)}
        form = {
            "username": name,
            "password": "presence-demo",
            "csrfmiddlewaretoken": cookies["csrftoken"],
        }
        answer = await self.context.request.post(login, form=form, max_redirects=0)
        assert answer.status == 302

    def note_stream(self, request: Request) -> None:
        """Keep the address of a stream that is asked for."""
        if "/presence/stream?" in request.url:
            self.streams.append(request.url)

    def _listen(self, message: Any) -> None:
        if "Content Security Policy" in message.text or message.text.startswith("presence:"):
            self.complaints.append(message.text)


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
async def log_in(browser: Browser, site: Site) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """`ana = await log_in("ana")`: a person with a new browser context. Nobody's page may complain."""
    people: list[Person] = []

    async def log_in(name: str, **context: Any) -> Person:
        person = Person(await browser.new_context(**context), site)
        people.append(person)
        person.context.set_default_timeout(8000)
        person.context.on("request", person.note_stream)
        await person.log_in(name)
        return person

    yield log_in
    for person in people:
        await person.context.close()
        assert not person.complaints


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
