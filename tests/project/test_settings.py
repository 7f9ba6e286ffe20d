import os
import re
import subprocess
import sys

import pytest

from presence_project.check import PRODUCTION
from tests.servers import ROOT

NEEDED = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")


def settings_of(program, **variables):
    """Run a line of Python with the settings of an environment that has nothing but these."""
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        [sys.executable, "-c", f"from presence_project import settings; {program}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("missing", NEEDED)
def test_production_refuses_to_start_without(missing):
    environment = {"PATH": os.environ["PATH"]} | PRODUCTION
    del environment[missing]
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"{missing} is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_said_means_production():
    done = settings_of("")
    for name in NEEDED:
        assert re.search(f"^(.*: )?{name} is not set", done.stderr, re.MULTILINE)


def test_production_uses_the_servers_it_is_given_and_a_pool():
    done = settings_of(
        "print(settings.DATABASES['default']['HOST'], settings.REDIS_URL,"
        " settings.DATABASES['default']['OPTIONS']['pool']['max_size'], settings.DEBUG)",
        **PRODUCTION,
    )
    assert done.stdout.split() == ["database.example", "redis://redis.example/0", "10", "False"]


def test_the_channel_layer_may_live_on_several_other_hosts():
    done = settings_of(
        "print(settings.CHANNEL_LAYERS['default']['CONFIG']['hosts'])",
        DJANGO_MODE="development",
        CHANNEL_REDIS_URL="redis://one,redis://two",
    )
    assert done.stdout.strip() == "['redis://one', 'redis://two']"


def test_development_needs_nothing_and_names_the_embedded_servers():
    done = settings_of(
        "print(settings.DATABASES['default']['HOST'], settings.REDIS_URL)",
        DJANGO_MODE="development",
    )
    host, redis_url = done.stdout.split()
    assert redis_url == f"unix://{host}/valkey.sock"


def test_the_apps_settings_are_the_variables_with_its_prefix():
    done = settings_of(
        "print(sorted(settings.PRESENCE.items()))",
        DJANGO_MODE="development",
        PRESENCE_LEASE_AFTER="90",
        REDIS_URL="redis://r",
    )
    assert done.stdout.strip() == "[('LEASE_AFTER', '90'), ('REDIS_URL', 'redis://r')]"


def test_a_setting_of_the_app_that_does_not_exist_is_reported_at_start():
    environment = {**os.environ, "PRESENCE_LEASE_AFTR": "90"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "LEASE_AFTR" in done.stderr


@pytest.mark.parametrize(
    ("command", "scheme"),
    [(["serve", "--port", "0"], "redis+cluster"), (["check"], "redis+sentinel")],
)
def test_a_layer_and_a_cache_that_would_have_to_speak_to_a_cluster_are_refused(scheme, command):
    environment = {"PATH": os.environ["PATH"], **PRODUCTION}
    environment["REDIS_URL"] = f"{scheme}://one.example:6379"

    def refusal(**others):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env={**environment, **others},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        return done.stderr

    said = refusal()
    for variable in ("CHANNEL_REDIS_URL", "CACHE_REDIS_URL"):
        assert variable in said
    assert f"{scheme}://" in said
    assert "one.example" not in said  # a URL may hold a password
    assert "CHANNEL_REDIS_URL" not in refusal(CHANNEL_REDIS_URL="redis://plain.example")
