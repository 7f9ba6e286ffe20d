"""Processes joined over the suite's servers."""

import pytest

from tests.service.joined import processes


@pytest.fixture
async def join(redis_url, transactional_db):
    async with processes(redis_url) as join:
        yield join


@pytest.fixture
async def process(join):
    """One process with the default rules."""
    return join()
