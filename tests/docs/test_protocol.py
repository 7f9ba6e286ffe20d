"""docs/protocol.md: its examples are run against a real server."""

from __future__ import annotations

import pytest

from tests.architecture.source import ROOT
from tests.docs.examples import Shell, examples_of

PAGE = ROOT / "docs" / "protocol.md"


@pytest.mark.slow
def test_every_example_of_the_protocol_prints_what_the_page_says(serve):
    usual = serve(env={"PRESENCE_LEAVE_GRACE": "1"})
    hasty = serve(env={"PRESENCE_KEEPALIVE_INTERVAL": "1"})
    shell = Shell({"usual": usual.url, "hasty": hasty.url})
    try:
        for example in examples_of(PAGE):
            shell.check(example)
    finally:
        shell.close()
