import hashlib
import http.server
import sys
import threading

import pytest

from presence_project.bootstrap import environment, index, installer
from presence_project.bootstrap.error import BootstrapError

WHEEL = b"a wheel"
NAME = "thing-1.0-py3-none-any.whl"


class Index(http.server.BaseHTTPRequestHandler):
    """A package index with one file, which it offers by a relative link as some indexes do."""

    def do_GET(self):
        pages = {
            "/simple/thing/": f'<a href="../../files/{NAME}#sha256=0">{NAME}</a>'.encode(),
            f"/files/{NAME}": WHEEL,
        }
        page = pages.get(self.path)
        self.send_response(404 if page is None else 200)
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def package_index(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_wheel_is_fetched_once(package_index, tmp_path, monkeypatch):
    found = index.fetch(NAME, hashlib.sha256(WHEEL).hexdigest(), tmp_path / "tools")
    assert found.read_bytes() == WHEEL
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    assert index.fetch(NAME, hashlib.sha256(WHEEL).hexdigest(), tmp_path / "tools") == found


def test_a_wheel_with_another_hash_is_refused_and_not_kept(package_index, tmp_path):
    with pytest.raises(BootstrapError, match="sha256"):
        index.fetch(NAME, "0" * 64, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_wheel_that_the_index_lacks_is_said(package_index, tmp_path):
    with pytest.raises(BootstrapError, match=r"does not offer thing-2\.0"):
        index.fetch("thing-2.0-py3-none-any.whl", "0" * 64, tmp_path)


def test_an_index_that_answers_an_error_is_said(package_index, tmp_path):
    with pytest.raises(BootstrapError, match="404"):
        index.fetch("other-1.0-py3-none-any.whl", "0" * 64, tmp_path)


@pytest.fixture
def told_nothing(monkeypatch, tmp_path):
    """Nobody has named an index, in no variable and no file of the user."""
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"])
def test_the_index_of_pip_or_uv_is_used(told_nothing, monkeypatch, name):
    monkeypatch.setenv(name, "https://index.example/simple")
    assert index.index_url() == "https://index.example/simple"
    assert installer.uv_environment()["UV_DEFAULT_INDEX"] == "https://index.example/simple"


def test_the_index_of_pips_configuration_is_used(told_nothing, tmp_path):
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nindex-url = https://index.example/100%/simple\n")
    assert index.index_url() == "https://index.example/100%/simple"


def test_the_certificates_of_pip_are_used(monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("PIP_CERT", "/somewhere/ca.pem")
    assert installer.uv_environment()["SSL_CERT_FILE"] == "/somewhere/ca.pem"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A `.venv` that has been installed from locks of its own."""
    locks = {"run": tmp_path / "run.lock", "dev": tmp_path / "dev.lock"}
    for name, lock in locks.items():
        lock.write_text(f"what {name} needs")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(environment, "VENV", tmp_path)
    monkeypatch.setattr(environment, "STAMP", tmp_path / "installed.txt")
    monkeypatch.setattr(environment, "LOCKS", locks)
    return tmp_path


def test_an_environment_for_development_serves_for_running_too(place):
    (place / "installed.txt").write_text(environment.fingerprint("dev"))
    assert environment.is_installed("run")
    assert environment.is_installed("dev")


def test_an_environment_for_running_does_not_serve_for_development(place):
    (place / "installed.txt").write_text(environment.fingerprint("run"))
    assert environment.is_installed("run")
    assert not environment.is_installed("dev")


def test_a_changed_lock_asks_for_a_new_installation(place):
    (place / "installed.txt").write_text(environment.fingerprint("run"))
    (place / "run.lock").write_text("something newer")
    assert not environment.is_installed("run")
