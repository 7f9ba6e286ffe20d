"""The town: everybody who lives on a site, and how it is made quiet again after a test."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from presence.management.commands.demo_people import ADMINISTRATOR, PEOPLE
from presence.service.tokens import issue_presence_token
from tests.servers import Site

WITHIN = 20.0


@dataclass
class Town:
    """The demo people of one site, asked for by tokens of their own: no browser is needed for it."""

    site: Site

    async def become_quiet(self) -> None:
        """End everybody's sessions for good and take back what they chose, so that nobody lingers in the next test.

        Whoever still beats comes back, so all browsers have to be closed by now.
        """
        if self.site.process.poll() is not None:  # a test that took the site down has failed
            await asyncio.to_thread(self.site.start)
        async with httpx.AsyncClient(base_url=f"{self.site.url}/api/v1/me/", timeout=10) as client:
            for number, _ in enumerate([*PEOPLE, ADMINISTRATOR], start=1):
                token = issue_presence_token(user=str(number)).token
                await _quieten(client, {"Authorization": f"Bearer {token}"})


async def _quieten(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async def ask(method: str, path: str, body: Any = None) -> httpx.Response:
        answer = await client.request(method, path, headers=headers, json=body)
        # Somebody else, the lease, may have ended the session first.
        assert answer.is_success or answer.status_code == 404, answer.text
        return answer

    give_up_at = time.monotonic() + WITHIN
    while sessions := (await ask("GET", "sessions/")).json()["sessions"]:
        assert time.monotonic() < give_up_at, f"somebody goes on beating: {sessions}"
        for each in sessions:
            await ask("DELETE", f"sessions/{each['session']}/")
    me = (await ask("GET", "")).json()
    if me["availability"] != "auto" or me["message"]:
        await ask("PUT", "status/", {"availability": "auto", "message": None})
