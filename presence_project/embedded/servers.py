"""The two embedded servers together: whichever the environment does not name."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from presence_project.embedded.folder import ServerFolder
from presence_project.embedded.postgres import Postgres
from presence_project.embedded.valkey import Valkey


class EmbeddedServers:
    """Runs Postgres unless DATABASE_URL is given, and Valkey unless REDIS_URL is given."""

    def __init__(self, folder: ServerFolder, environment: Mapping[str, str]) -> None:
        """Decide what to run; `environment` is what the service will be started with."""
        self._folder = folder
        self._postgres = None if environment.get("DATABASE_URL") else Postgres(folder)
        self._valkey = None if environment.get("REDIS_URL") else Valkey(folder)

    @property
    def urls(self) -> dict[str, str]:
        """What to add to the environment of the service."""
        urls = {}
        if self._postgres is not None:
            urls["DATABASE_URL"] = self._postgres.url
        if self._valkey is not None:
            urls["REDIS_URL"] = self._valkey.url
        return urls

    def __enter__(self) -> EmbeddedServers:
        """Start what is needed."""
        if self.urls:
            self._folder.prepare()
        try:
            for server in (self._postgres, self._valkey):
                if server is not None:
                    server.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what was started, Valkey last: what Postgres lacks is still in its log."""
        for server in (self._postgres, self._valkey):
            if server is not None:
                server.stop()
        self._folder.release()
