"""`manage.py serve`: the production server, with as many web processes as asked for.

Flow: command line -> **this** -> serving (listening, supervisor, server) -> settings.ASGI_APPLICATION.
"""

import gc
import os
import socket
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from presence import wiring
from presence.conf import settings
from presence.consumers.shortcut import HeartbeatShortcut
from presence.serving.listening import (
    CannotListenError,
    described,
    listen_on_descriptor,
    listen_on_path,
    listen_on_port,
)
from presence.serving.server import Serving
from presence.serving.shortcut import Shortcut
from presence.serving.supervisor import Role, Supervisor

# Beyond the time over which goodbyes are spread: for the last answers, and for closing Redis and Postgres.
_MARGIN = 5.0


class Command(BaseCommand):
    """Serves until SIGTERM or SIGINT, then says goodbye to every stream; the second signal ends at once."""

    help = "Serve (uvicorn): pages, API, heartbeats and streams."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what can be chosen."""
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--uds", type=Path, help="listen on this unix socket instead of a port")
        where.add_argument("--fd", type=int, help="listen on this inherited descriptor instead")
        parser.add_argument("--host", default="127.0.0.1", help="address (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port; 0 takes a free one")
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            help="web processes; one for each core is a good start",
        )
        parser.add_argument(
            "--all-in-one", action="store_true", help="run `manage.py worker` as well, supervised"
        )
        parser.add_argument(
            "--metrics-port",
            type=int,
            help="let web process n listen on 127.0.0.1 and this port + n - 1 as well, so that each can be scraped",
        )
        parser.add_argument(
            "--trusted-proxies",
            default=os.environ.get("FORWARDED_ALLOW_IPS", ""),
            help="addresses or networks whose X-Forwarded-* headers count (default: "
            "FORWARDED_ALLOW_IPS of the environment, else nobody's)",
        )
        parser.add_argument(
            "--shortcut",
            default="/presence/heartbeat",
            help="where unchanged heartbeats are answered without passing through the ASGI application "
            "(default /presence/heartbeat); '' turns that off, for a site whose own ASGI middleware must see "
            "every request",
        )
        parser.add_argument(
            "--access-log",
            action="store_true",
            help="one log line for each request, without its query",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen, say so, serve."""
        workers: int = options["workers"]
        if workers < 1:
            raise CommandError("--workers is at least 1")
        path = getattr(django_settings, "ASGI_APPLICATION", None)
        if not path:
            raise CommandError('ASGI_APPLICATION is not set, e.g. "mysite.asgi.application"')
        module, _, name = path.rpartition(".")
        try:
            listeners = _listen(options, workers)
            own = _listen_alone(options["metrics_port"], workers)
        except CannotListenError as error:
            raise CommandError(str(error)) from None
        patience = settings().drain_after.total_seconds() + _MARGIN
        serving = Serving(
            application=f"{module}:{name}",
            drain=wiring.drain,
            # An access log is of the ordinary way.
            shortcut=_shortcut(options["shortcut"]) if not options["access_log"] else None,
            patience=patience,
            trusted_proxies=options["trusted_proxies"],
            access_log=options["access_log"],
        )
        import_module(module)  # its errors once, here; and its memory shared by all processes
        self._say(described(listeners[0]), workers, with_worker=options["all_in_one"])
        if workers == 1 and not options["all_in_one"]:
            code = serving.run([*listeners, *own])
        else:
            sockets = [
                [listeners[number % len(listeners)], *own[number : number + 1]]
                for number in range(workers)
            ]
            code = _supervise(serving, sockets, patience, options["all_in_one"])
        if options["uds"]:
            options["uds"].unlink(missing_ok=True)
        if code:
            raise SystemExit(1)

    def _say(self, where: str, workers: int, *, with_worker: bool) -> None:
        what = "1 web process" if workers == 1 else f"{workers} web processes"
        and_worker = " and a worker" if with_worker else ""
        self.stdout.write(f"Presence listens on {where} ({what}{and_worker})")
        self.stdout.flush()


def _shortcut(path: str) -> Callable[[], Shortcut] | None:
    return (lambda: HeartbeatShortcut(path)) if path else None


def _listen(options: dict[str, Any], workers: int) -> list[socket.socket]:
    if options["uds"] is not None:
        return [listen_on_path(options["uds"])]
    if options["fd"] is not None:
        return [listen_on_descriptor(options["fd"])]
    return listen_on_port(host=options["host"], port=options["port"], count=workers)


def _listen_alone(port: int | None, workers: int) -> list[socket.socket]:
    """Return a listener for each process that is its own: the kernel spreads the common one's connections."""
    if port is None:
        return []
    return [
        listener
        for number in range(workers)
        for listener in listen_on_port(host="127.0.0.1", port=port + number)
    ]


def _supervise(
    serving: Serving,
    sockets: Sequence[Sequence[socket.socket]],
    patience: float,
    with_worker: bool,
) -> int:
    roles = [
        Role(name=f"web process {number + 1}", run=_web(serving, sockets, number))
        for number in range(len(sockets))
    ]
    listeners = {listener for each in sockets for listener in each}
    if with_worker:
        roles.append(Role(name="worker", run=_work))

    def stop_listening() -> None:
        for listener in listeners:
            listener.close()

    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that it shares
    return Supervisor(roles, patience=patience + _MARGIN).run(on_stop=stop_listening)


def _web(
    serving: Serving, sockets: Sequence[Sequence[socket.socket]], number: int
) -> Callable[[], int]:
    def run() -> int:
        mine = sockets[number]
        for listener in {each for others in sockets for each in others} - set(mine):
            listener.close()
        return serving.run(mine)

    return run


def _work() -> int:
    call_command("worker")
    return 0
