"""Where a rule of the tools is not followed, the line says why."""

import re

import pytest

from tests.architecture.source import PARTS, modules, name_of

EXCEPTION = re.compile(
    r"# (?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z, -]+\])(?P<why>.*)"
)


@pytest.mark.parametrize("path", modules(*PARTS), ids=name_of)
def test_every_exception_has_a_reason(path):
    for line in path.read_text().splitlines():
        found = EXCEPTION.search(line)
        assert found is None or len(found["why"].strip(" #()")) > 5, line
        assert found is not None or not re.search(r"# (noqa|type: ignore)", line), line
