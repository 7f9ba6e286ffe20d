"""Processes that serve the small application."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.servers import ROOT


class Host:
    """A running `tests.serving.host`."""

    def __init__(self, count=0, patience=5.0, **env):
        self.connections = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.host", str(count), str(patience)],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2])

    def get(self, path="/", headers=None):
        request = urllib.request.Request(self.url + path, headers=headers or {})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    def open(self, path, version="1.1", send=True):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.connections.append(connection)
        if send:
            connection.sendall(f"GET {path} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
        return connection

    def post(self, *bodies, headers="", close=False):
        """Send one POST to /beat for each of `bodies`, all at once; return the answers' bodies."""
        connection = self.open("/", send=False)
        for number, body in enumerate(bodies, start=1):
            last = "Connection: close\r\n" if close and number == len(bodies) else ""
            head = f"POST /beat HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}{last}\r\n"
            connection.sendall(head.encode() + body.encode())
        return connection

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=20)[0]
        return self.process.returncode, rest


@pytest.fixture
def host():
    hosts = []

    def start(*args, **kwargs):
        hosts.append(Host(*args, **kwargs))
        return hosts[-1]

    yield start
    for one in hosts:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()
        for connection in one.connections:
            connection.close()
