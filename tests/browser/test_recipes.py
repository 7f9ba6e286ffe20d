"""The recipes of docs/javascript.md, as they stand there, in a page of a running site."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from playwright.async_api import expect

from tests.browser.recipes import Workshop, recipes_of

ABSENT = re.compile("^(offline|last seen|vu) ?")
IMPORT = 'import { connect } from "/static/presence/presence.js";\n'
MOUNT_REACT = """
import { createRoot } from "react-dom/client";
createRoot(document.querySelector("#root")).render(<Dot user="1" name="Ana" />);
"""
MOUNT_VUE = """
import { createApp, h } from "vue";
const record = { setup() { const it = usePresence(() => "1"); return () => h("span", it.value?.status); } };
createApp(record).mount("#root");
"""


@pytest.fixture(scope="session")
def workshop(tmp_path_factory):
    """React, Vue, htmx and a bundler, from npm; without it, skip, or fail where REQUIRE_BROWSER is set (as in CI)."""
    without = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
    if not shutil.which("npm"):
        without("no npm here to install React, Vue and htmx with")
    try:
        return Workshop.furnished(tmp_path_factory.mktemp("workshop"))
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        without(f"npm cannot install React, Vue and htmx: {error}")


@pytest.fixture
async def ben(log_in):
    """Ben, who looks at the pages."""
    return await log_in("ben")


async def _show(person, body, **files):
    """Open a page of the site with what `{% presence_script %}` writes for this person, and `body`.

    `files` lie beside it, by name: `ana_js` is ana.js.
    """
    home = await (await person.context.request.get(f"{person.address}/")).text()
    script = re.search(r'<script id="presence-config".*?elements[^>]*></script>', home, re.DOTALL)
    assert script
    pages = {"": ("text/html", f"<!doctype html><title>.</title><body>{script[0]}{body}")}
    for name, text in files.items():
        kind = "text/html" if name.endswith("html") else "text/javascript"
        pages[name.replace("_", ".")] = (kind, text)

    async def answer(route):
        kind, text = pages[route.request.url.rpartition("/recipe/")[2]]
        await route.fulfill(content_type=f"{kind}; charset=utf-8", body=text)

    await person.context.route("**/recipe/*", answer)
    return (await person.visit("/recipe/")).page


def _module(text):
    return f'<script type="module">{text}</script>'


async def test_plain(ben, log_in):
    markup, script, status = recipes_of("Plain")
    page = await _show(ben, markup, ana_js=script)
    await expect(page.locator("#ana")).to_have_text("offline")
    ana = await (await log_in("ana")).open_tab()
    await expect(page.locator("#ana")).to_have_text("online")

    await page.add_script_tag(content=IMPORT + status, type="module")

    await ana.sees("ben", "busy · 🎧 Deep work")


async def test_htmx(ben, log_in, workshop):
    fragment, script, team = recipes_of("htmx")
    place, template = fragment.split("<!-- comments.html -->")
    written = [{"author": User(pk=1, username="ana"), "text": "A thought."}]
    comments = Template(template).render(Context({"comments": written}))
    body = f'<script src="htmx.js"></script>{place}{_module(script)}{team}'
    body = body.replace("/comments/", "comments.html").replace("/team/", "team.html")
    page = await _show(
        ben,
        body,
        htmx_js=workshop.library("htmx.org/dist/htmx.min.js"),
        comments_html=comments,
        team_html="<p>the team</p>",
    )
    dot = page.locator("p", has_text="A thought.").locator("presence-dot")
    await expect(dot).to_have_attribute("title", ABSENT)

    await (await log_in("ana")).open_tab()

    await expect(dot).to_have_attribute("title", "online")
    await expect(page.get_by_text("the team")).to_be_visible()


async def test_react(ben, log_in, workshop):
    (recipe,) = recipes_of("React")
    script = workshop.bundle(recipe + MOUNT_REACT)
    page = await _show(ben, f'<div id="root"></div>{_module(script)}')
    await expect(page.get_by_title("Ana")).to_have_text("offline")

    await (await log_in("ana")).open_tab()

    await expect(page.get_by_title("Ana")).to_have_text("online")


async def test_vue(ben, log_in, workshop):
    (recipe,) = recipes_of("Vue")
    script = workshop.bundle(recipe + MOUNT_VUE)
    page = await _show(ben, f'<div id="root"></div>{_module(script)}')
    await expect(page.locator("#root")).to_have_text("offline")

    await (await log_in("ana")).open_tab()

    await expect(page.locator("#root")).to_have_text("online")


async def test_connecting_and_words(ben, log_in):
    (connecting,) = recipes_of("Connecting")
    _, words = recipes_of("Elements")
    body = f'<presence-dot user="1" text></presence-dot>{_module(connecting)}{_module(words)}'
    page = await _show(ben, body)
    await expect(page.locator("presence-dot")).to_have_attribute("title", ABSENT)

    async with page.expect_console_message(lambda message: message.text == "1 online"):
        await (await log_in("ana")).open_tab()

    await expect(page.locator("presence-dot")).to_have_text("en ligne")


async def test_rooms(ben):
    (recipe,) = recipes_of("Rooms")
    setting = 'const title = document.querySelector("h1");\n'
    page = await _show(ben, f"<h1>…</h1>{_module(IMPORT + setting + recipe)}")

    await expect(page.locator("h1")).to_have_text("1 reading")
