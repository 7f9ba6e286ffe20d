"""People: somebody with a browser, and their tabs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, Request, expect

from tests.browser.waiting import WITHIN, until

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

    async def sees(self, name: str, words: str, *, within: float = WITHIN) -> None:
        """Wait until `name` is shown with these words."""
        await expect(self.person(name).locator(".line")).to_contain_text(
            words, timeout=within * 1000
        )

    async def sees_status(self, name: str, status: str, *, within: float = WITHIN) -> None:
        """Wait until the dot of `name` has the shape of this status."""
        await expect(self.person(name)).to_have_attribute(
            "data-status", status, timeout=within * 1000
        )

    async def is_live(self, *, within: float = WITHIN) -> None:
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

    async def does(self, activity: str) -> None:
        """Wait until the server has heard that this tab is `active`, `idle` or `hidden`."""

        async def heard() -> bool:
            return (await self._own())["activity"] == activity

        await until(heard)

    async def last_beat(self) -> float:
        """When the server last heard a beat of this tab, in seconds of its clock."""
        return datetime.fromisoformat((await self._own())["last_beat"]).timestamp()

    async def session(self) -> str:
        """The id of this tab's session."""
        return str(await self.page.evaluate(f"{CONNECTION}.session"))

    async def sessions(self) -> list[dict[str, Any]]:
        """One's sessions, as the server knows them."""
        answer = await self.page.evaluate(f"{CONNECTION}.request('GET', '/me/sessions/')")
        return list(answer["sessions"])

    async def _own(self) -> dict[str, Any]:
        """This tab's session as the server knows it, as soon as it does."""
        own = await self.session()

        async def known() -> list[dict[str, Any]]:
            return [each for each in await self.sessions() if each["session"] == own]

        return (await until(known))[0]

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
    address: str  # of the site, as this browser reaches it
    streams: list[str] = field(default_factory=list)  # the streams that were asked for
    complaints: list[str] = field(default_factory=list)

    async def open_tab(self) -> Tab:
        """Open the page in a new tab, and wait until it is live."""
        tab = await self.visit("/")
        await tab.is_live()
        return tab

    async def visit(self, path: str) -> Tab:
        """Load a page of the site in a new tab, and note what it complains about."""
        tab = Tab(await self.context.new_page())
        tab.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.page.on("console", self._listen)
        await tab.page.goto(f"{self.address}{path}")
        return tab

    async def log_in(self, name: str) -> None:
        """Log in as the form would, without a page."""
        login = f"{self.address}/accounts/login/"
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
