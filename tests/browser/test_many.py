"""More people than one page of a snapshot holds."""

from tests.browser.people import CONNECTION
from tests.browser.waiting import until

CLOCKS: dict[str, str] = {}  # a site of its own, for its many people
CROWD = 620  # a page holds 500
MAKE = f"""
from django.contrib.auth.models import User
made = User.objects.bulk_create(User(username=f"p{{n}}", password="!") for n in range({CROWD}))
print(",".join(str(each.pk) for each in made))
"""
WATCH = f"""(ids) => {{
    const presence = {CONNECTION};
    Object.assign(globalThis, {{ syncs: [], seen: [] }});
    presence.on("sync", () => syncs.push(presence.users.size));
    presence.on("change", ({{ record }}) => seen.push(record?.status));
    presence.watch({{ users: ids }});
}}"""

PAGES = """(ids) => new Promise((done) => {
    const pages = [];
    const stream = new EventSource(`/presence/stream?users=${ids}`);
    stream.addEventListener("snapshot", ({ data }) => {
        const { users, more } = JSON.parse(data);
        pages.push(users.length);
        if (!more) done(pages), stream.close();
    });
})"""


async def test_a_snapshot_of_several_pages_is_shown_as_one(log_in, site):
    ids = site.manage("shell", "--no-imports", "-c", MAKE).strip().split(",")
    assert len(ids) == CROWD
    ana = await (await log_in("ana")).open_tab()
    await ana.sees_status("ben", "offline")

    assert await ana.page.evaluate(PAGES, ids) == [500, CROWD - 500]

    await ana.page.evaluate(WATCH, ids)

    known = CROWD + 10  # with the nine contacts and ana herself
    assert await until(lambda: ana.page.evaluate("syncs")) == [known]
    assert await ana.page.evaluate("seen") == ["offline"] * CROWD, "nobody blinked meanwhile"
    await (await log_in("ben")).open_tab()
    await ana.sees("ben", "online")
