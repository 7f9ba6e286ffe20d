"""`make screenshots`: the pictures of the README, taken from a service with demo people in a headless Chromium.

Flow: embedded servers -> migrate -> demo people -> `manage.py serve` -> people come and go -> docs/images/*.png
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.servers import EmbeddedServers
from tests.servers import free_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PORT = free_port()
SITE = f"http://127.0.0.1:{PORT}"
PASSWORD = "presence-demo"
CHROMIUMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
# User, heartbeat, choice: so that every dot and every device is to be seen.
CAST: tuple[tuple[str, dict[str, Any], dict[str, Any] | None], ...] = (
    ("ben", {"device": "mobile"}, None),
    ("chloe", {}, {"availability": "busy", "message": {"text": "In a call", "emoji": "📅"}}),
    ("dan", {"activity": "idle"}, None),
    (
        "eve",
        {"device": "desktop"},
        {"availability": "auto", "message": {"text": "Focus", "emoji": "🎧"}},
    ),
    ("hana", {"device": "tablet"}, None),
    ("jo", {}, {"availability": "away", "message": {"text": "Noodles", "emoji": "🍜"}}),
)
VIEWS = (
    ("home-light", "light", 1280, 1060),
    ("home-dark", "dark", 1280, 1060),
    ("home-phone", "light", 390, 844),
)


def main() -> int:
    """Take them all."""
    folder = ServerFolder.temporary()
    try:
        with EmbeddedServers(folder, {}) as servers:
            environment = {**os.environ, "DJANGO_MODE": "development", **servers.urls}
            for command in (["migrate", "--no-input", "-v0"], ["demo_people"]):
                subprocess.run(
                    [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True
                )
            service = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--all-in-one", "--port", str(PORT)],
                cwd=ROOT,
                env={**environment, "PRESENCE_LEAVE_GRACE": "0"},
            )
            try:
                wait()
                play()
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(
                        executable_path=next(
                            (path for path in CHROMIUMS if Path(path).exists()), None
                        ),
                        args=["--no-sandbox"],
                    )
                    for name, scheme, width, height in VIEWS:
                        shoot(browser, name, scheme, width, height)
                    browser.close()
            finally:
                service.terminate()
                service.wait(30)
    finally:
        folder.remove()
    return 0


def wait() -> None:
    """Return once the service answers."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        try:
            urllib.request.urlopen(f"{SITE}/healthz", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the service did not answer within a minute")


def play() -> None:
    """Let people come, choose, and one of them go."""
    for name, beat, choice in CAST:
        token = ask("POST", "/api/v1/token/", {"username": name, "password": PASSWORD})["access"]
        ask("POST", "/presence/heartbeat", {"session": "demo", "rooms": ["lobby"], **beat}, token)
        if choice is not None:
            ask("PUT", "/api/v1/me/status/", choice, token)
        if name == "hana":
            ask("POST", "/presence/leave", {"session": "demo", "final": True}, token)


def ask(method: str, path: str, body: dict[str, Any], token: str = "") -> Any:
    """Return the JSON answer."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(SITE + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None


def shoot(browser: Browser, name: str, scheme: Any, width: int, height: int) -> None:
    """Log in as ana and photograph the page."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1.5
    )
    page = context.new_page()
    page.goto(f"{SITE}/accounts/login/")
    page.fill("#id_username", "ana")
    page.fill("#id_password", PASSWORD)
    page.click("form.stack button")
    page.locator("presence-list").get_by_text("In a call").first.wait_for(timeout=15_000)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("region", name="lobby").get_by_text("chloe").wait_for(timeout=15_000)
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(5, 5)
    page.wait_for_timeout(2_500)
    page.screenshot(path=str(HERE / f"{name}.png"))
    context.close()
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
