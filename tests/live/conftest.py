"""A live store of its own for every test, on the suite's Valkey."""

import pytest

import tests.domain.profile  # noqa: F401
from tests.live.store import Store


@pytest.fixture
async def make_store(redis_url):
    """Open a store; several on the same URL are several processes."""
    stores = []

    def make(**options):
        stores.append(Store(options.pop("url", redis_url), **options))
        return stores[-1]

    yield make
    for store in stores:
        await store.connection.close()


@pytest.fixture
async def store(make_store):
    store = make_store()
    await store.epoch.ensure()
    await store.leases.renew(
        [store.renewal("nobody")]
    )  # the script is there: count calls from here
    return store
