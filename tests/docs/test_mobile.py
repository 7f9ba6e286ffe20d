"""docs/mobile.md: its exchanges are run against a real server, and its script by node."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from tests.architecture.source import ROOT
from tests.docs.examples import Shell, examples_of

PAGE = ROOT / "docs" / "mobile.md"
# An app of ben's: a line for each view that it would draw, and the requests that it made, at the end. It is on screen
# until it has beaten, renewed and resumed often enough; the server draws how long that takes.
APP = """
import { createLogin, createPresence, fetchEvents } from "./presence.mjs";

const [site, way] = process.argv.slice(2);
const requests = [];
const counted = globalThis.fetch;
globalThis.fetch = (url, options) => {
  requests.push({ path: new URL(url).pathname, resumed: "Last-Event-ID" in options.headers });
  return counted(url, options);
};
let kept;
const stored = [];
const store = { get: async () => kept, set: async (text) => stored.push((kept = text)) };
let signedOut = 0;
const login = createLogin(site, store, () => (signedOut += 1));
await login.enter("ben", "presence-demo");
let seen;
const onChange = (people, stale) => {
  seen = people.get("1")?.status ?? null;
  console.log(JSON.stringify({ ana: seen, stale }));
};
const count = (path) => requests.filter((each) => each.path === path).length;
const isEnough = () =>
  seen === "online" &&
  count("/presence/heartbeat") >= 5 &&
  count("/api/v1/presence/token/") >= 3 &&
  (way === "polling" || count("/presence/stream") >= 3);
const presence = createPresence({ site, login, session: "phone-7d1c", events: fetchEvents(fetch), onChange });
presence.start({ polling: way === "polling" });
for (const began = Date.now(); !isEnough() && Date.now() - began < 60_000; )
  await new Promise((done) => setTimeout(done, 100));
await presence.stop();
await login.call("PUT", "/api/v1/me/devices/phone-7d1c/");
const made = [...requests];
kept = stored[0]; // spent long ago
login.forget();
const refused = await login.call("GET", "/api/v1/me/").catch((error) => error.message);
console.log(JSON.stringify({ requests: made, stored: new Set(stored).size, signedOut, refused }));
"""


@pytest.mark.slow
def test_every_exchange_of_the_page_prints_what_it_says(serve):
    usual = serve(env={"PRESENCE_LEAVE_GRACE": "1"})
    brief = serve(env={"PRESENCE_STREAM_AGE": "1"})
    shell = Shell({"usual": usual.url, "brief": brief.url})
    try:
        for example in examples_of(PAGE):
            shell.check(example)
    finally:
        shell.close()


@pytest.fixture
def app(tmp_path):
    """Start the app of the page; without node, skip, or fail where REQUIRE_BROWSER is set (as in CI)."""
    if not (node := shutil.which("node")):
        without = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
        without("no node here to run the page's script with")
    (script,) = re.findall(
        r"^```js\n// presence\.js\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "presence.mjs").write_text(script)
    (tmp_path / "app.mjs").write_text(APP)
    started: list[subprocess.Popen[str]] = []

    def start(url: str, way: str) -> subprocess.Popen[str]:
        command = [node, "app.mjs", url, way]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["stream", "polling"])
def test_the_script_sees_ana_come_renews_its_token_and_leaves(serve, app, way, request):
    """Streams of two seconds and tokens of three: what takes an hour on a phone happens within the test."""
    site = serve(
        env={
            "PRESENCE_HEARTBEAT_INTERVAL": "1",
            "PRESENCE_LEAVE_GRACE": "1",
            "PRESENCE_STREAM_AGE": "2",
            "PRESENCE_TOKEN_LIFETIME": "3",
        }
    )
    shell = Shell({"usual": site.url})
    request.addfinalizer(shell.close)
    token = (
        f"$(curl -s {site.url}/api/v1/token/ -H 'Content-Type: application/json' -d "
        """'{"username": "ana", "password": "presence-demo"}' | sed 's/.*"access":"\\([^"]*\\)".*/\\1/')"""
    )
    shell.run(f"ana={token}")
    running = app(site.url, way)
    assert running.stdout
    lines = [json.loads(running.stdout.readline())]
    assert lines[0] == {"ana": "offline", "stale": False}
    shell.run(
        f'curl -s {site.url}/presence/heartbeat -H "Authorization: Bearer $ana" '
        """-H 'Content-Type: application/json' -d '{"session": "tab-1"}'"""
    )
    lines += map(json.loads, running.communicate(timeout=90)[0].splitlines())
    *views, last = lines
    assert {"ana": "online", "stale": False} in views
    assert not any(view["stale"] for view in views), views
    paths = [each["path"] for each in last["requests"]]
    assert paths.count("/presence/heartbeat") >= 5
    assert paths.count("/api/v1/presence/token/") >= 3
    assert last["stored"] >= 3, "each renewal gives another refresh token"
    streams = [each for each in last["requests"] if each["path"] == "/presence/stream"]
    assert len(streams) >= 3 if way == "stream" else not streams
    assert all(each["resumed"] for each in streams[1:])
    assert (last["signedOut"], last["refused"]) == (1, "signed out")
    said = [path for path in paths if "/token/" not in path]
    assert said[-2:] == ["/presence/leave", "/api/v1/me/devices/phone-7d1c/"]

    time.sleep(3)
    record = shell.run(f'curl -s {site.url}/api/v1/presence/2/ -H "Authorization: Bearer $ana"')
    assert '"status":"offline"' in record
    assert '"reachable":true' in record
