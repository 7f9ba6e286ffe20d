"""What every test may ask for: a real Postgres, a real Valkey, and whole servers as their own processes.

The suite has servers of its own in a folder of its own, so it runs beside a running service and beside itself. They
start when the first test asks: a run of pure tests starts none.
"""

from __future__ import annotations

import os
import shutil

import pytest

from presence_project.embedded.folder import ServerFolder
from tests.servers import DatabaseServer, SiteFactory

FOLDER = ServerFolder.temporary()

# Whatever the caller's shell says, tests write to nobody's data but their own.
for _name in [*os.environ]:
    if _name.startswith("PRESENCE_") or _name.endswith(
        ("DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL")
    ):
        del os.environ[_name]
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "presence_project.settings",
    "DJANGO_MODE": "test",
    "DATABASE_URL": FOLDER.postgres_url,
    "REDIS_URL": FOLDER.redis_url,
}

import django  # noqa: E402

django.setup()  # pytest-django looks at the settings before this file is read, hence finds them here

import redis  # noqa: E402

from presence_project.embedded.valkey import Valkey  # noqa: E402


def pytest_configure(config):
    """Have the processes that share the tests (`-n 2`) read the settings when they have servers of their own."""
    if getattr(config.option, "numprocesses", None):
        # What they inherit names this process's servers, and pytest-django would read the settings with that.
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_sessionfinish():
    """Forget the folder of a run that never started a server."""
    if FOLDER._lock is None:
        FOLDER.remove()


@pytest.fixture(scope="session")
def server_folder():
    """Where the suite's own Postgres and Valkey live."""
    FOLDER.prepare()
    yield FOLDER
    FOLDER.remove()


@pytest.fixture(scope="session")
def database_server(server_folder):
    """The suite's Postgres."""
    server = DatabaseServer(server_folder, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_server):
    """Have Postgres running before pytest-django makes its test database."""


@pytest.fixture(scope="session")
def django_db_keepdb():
    """Leave the test database to end with its server: dropping it takes 5 s after asynchronous ORM calls."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, database_server, django_db_blocker):
    """Copy the migrated test database as it is before the first test: the template for whole servers."""
    from django.db import connections
    from django.test.utils import setup_databases

    with django_db_blocker.unblock():
        # pytest-django makes only the databases that the chosen tests are marked for: none, if they all use `serve`.
        if not connections["default"].settings_dict["NAME"].startswith("test_"):
            setup_databases(verbosity=0, interactive=False, keepdb=True)
        name = connections["default"].settings_dict["NAME"]
        connections.close_all()
    database_server.create_database("migrated", template=name)


@pytest.fixture(scope="session")
def valkey_server(server_folder):
    """The suite's Valkey; ask for `redis_url` to find it empty."""
    server = Valkey(server_folder, durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(valkey_server):
    """URL of an empty Valkey, which the settings name too."""
    with redis.Redis.from_url(valkey_server.url, socket_timeout=5) as client:
        client.flushall()
    return valkey_server.url


@pytest.fixture
def fresh_valkey():
    """A Valkey for one test alone, with `.url`, `.start()`, `.stop()`, `.kill()`: for tests of what it survives."""
    folder = ServerFolder.temporary()
    folder.prepare()
    server = Valkey(folder, durable=False)
    server.start()
    yield server
    server.stop()
    folder.remove()


@pytest.fixture(scope="session")
def site_factory(database_server, django_db_setup):
    """Starts whole sites; use `serve` or `module_serve`, which end what they start."""
    return SiteFactory(database_server)


@pytest.fixture
def serve(site_factory):
    """Start a real server for this test: `site = serve()`; see `tests.servers.SiteFactory.serve`."""
    with site_factory.scope() as start:
        yield start


@pytest.fixture(scope="module")
def module_serve(site_factory):
    """As `serve`, for servers that the tests of a module share."""
    with site_factory.scope() as start:
        yield start


@pytest.fixture(scope="session")
def chromium():
    """Path of the system's Chromium; without one, skip, or fail where REQUIRE_BROWSER is set (as in CI)."""
    found = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    if found is None:
        without = pytest.fail if os.environ.get("REQUIRE_BROWSER") else pytest.skip
        without("no Chromium here: apt-get install chromium-headless-shell")
    return found


@pytest.fixture
async def browser(chromium):
    """A Playwright browser, for asynchronous tests; its synchronous API would occupy the event loop."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox"],  # root has no sandbox, and the pages are ours
        )
        yield browser
        await browser.close()
