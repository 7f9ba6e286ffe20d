"""What the host writes to its log, and what never gets there."""

import subprocess
import sys

import pytest

from tests.servers import ROOT, environment

FAILING = """
import logging, structlog
from presence_project import settings
import logging.config
logging.config.dictConfig(settings.LOGGING)
def handle(token):
    raise ValueError("it failed")
for report in (structlog.get_logger("presence").exception, logging.getLogger("django").exception):
    try:
        handle("a-secret-" + "token")
    except ValueError:
        report("request_failed")
from django.test import RequestFactory
request = RequestFactory().get("/api/v1/presence/?users=a-secret-user")
logging.getLogger("django.request").warning("Forbidden: %s", request.path, extra={"request": request})
"""


@pytest.mark.parametrize("is_json", ["0", "1"])
def test_a_traceback_shows_no_variables_and_no_line_a_query(is_json):
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        cwd=ROOT,
        env=environment({"LOG_JSON": is_json}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ValueError: it failed") == 2
    assert done.stderr.count("in handle") == 2
    assert "/api/v1/presence/" in done.stderr
    assert "a-secret" not in done.stderr
