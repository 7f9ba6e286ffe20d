"""The features are shown on one kind of server; what depends on the kind is tested a folder above."""

from __future__ import annotations

import pytest

from tests.servers import ServerKind


@pytest.fixture
def kind() -> ServerKind:
    """The server that the service brings along."""
    return "uvicorn"
