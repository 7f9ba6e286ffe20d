"""Apps that people have logged in to, on a real server."""

import time
from collections.abc import Callable
from typing import Any

import httpx

PASSWORD = "presence-demo"


class App:
    """An app that somebody has logged in to."""

    def __init__(self, url: str, name: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=10)
        pair = self.http.post("/api/v1/token/", json={"username": name, "password": PASSWORD})
        self.http.headers["Authorization"] = f"Bearer {pair.json()['access']}"
        self.user: str = self.get("me/").json()["user"]

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        self.http.close()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(f"/api/v1/{path}", **options)

    def beat(self, session: str = "phone-1") -> httpx.Response:
        body = {"session": session, "activity": "active", "device": "mobile"}
        return self.http.post("/presence/heartbeat", json=body)

    def leave(self, session: str = "phone-1") -> httpx.Response:
        return self.http.post("/presence/leave", json={"session": session, "final": True})


def eventually(true: Callable[[], Any], *, within: float = 10) -> Any:
    """Return what `true` returns once that is something, asking every 50 ms."""
    give_up_at = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < give_up_at, "it did not come true"
        time.sleep(0.05)
    return found
