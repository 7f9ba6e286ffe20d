"""Where embedded servers keep data and sockets, and the lock that lets one starter at a time use it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from presence_project.embedded.account import Account

# A unix socket's address holds 107 characters on Linux, 103 on macOS; the longest name put behind the folder is
# "/.s.PGSQL.5432".
LONGEST_SOCKET_FOLDER = 103 - 15


class FolderError(Exception):
    """A folder that cannot be used, and why."""


class FolderInUseError(FolderError):
    """Another process runs its servers from this folder."""


class ServerFolder:
    """A folder for one Postgres and one Valkey, owned by the account that they run as and closed to others."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is made before `prepare`."""
        self.path = path
        self.account = Account.for_servers()
        self._lock: int | None = None

    @classmethod
    def of_checkout(cls, root: Path) -> ServerFolder:
        """The folder of a clone: inside it, or beside the system's data where the clone is closed to the servers.

        The latter is root's clone in root's home folder (mode 0700): `nobody` cannot even enter it.
        """
        if Account.for_servers().can_enter(root):
            return cls(root / ".local" / "servers")
        return cls(Path("/var/lib/presence") / digest(root))

    @classmethod
    def temporary(cls) -> ServerFolder:
        """A new folder with a short path; `remove` it at the end."""
        account = Account.for_servers()
        parents = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
        parent = next((p for p in parents if len(str(p)) < 40 and account.can_enter(p)), parents[1])
        return cls(Path(tempfile.mkdtemp(prefix="presence-", dir=parent)))

    @property
    def sockets(self) -> Path:
        """Where the servers put their sockets: in the folder, or under /tmp when its path is too long for one."""
        inside = self.path / "run"
        if len(str(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        return Path("/tmp") / f"presence-{os.geteuid()}-{digest(self.path)}"

    @property
    def postgres_url(self) -> str:
        """DATABASE_URL of the Postgres in this folder."""
        return self.database_url("presence")

    def database_url(self, name: str) -> str:
        """URL of one database; the host is the socket's folder, unescaped, as django-environ reads it."""
        return f"postgres://presence@/{self.sockets}/{name}"

    @property
    def redis_url(self) -> str:
        """REDIS_URL of the Valkey in this folder."""
        return f"unix://{self.sockets}/valkey.sock"

    def prepare(self) -> None:
        """Make the folder and take its lock, which the servers inherit: it is free when the last of them is gone."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.account.can_enter(self.path.parent):
                self.path.parent.chmod(self.path.parent.stat().st_mode | 0o011)
            self._make_private(self.path)
            self._make_private(self.sockets)
        except OSError as error:
            raise FolderError(f"{self.path} cannot be used: {error.strerror}") from error
        self._take_lock()

    def subfolder(self, name: str) -> Path:
        """A folder in this one that only the servers' account can read."""
        folder = self.path / name
        self._make_private(folder)
        return folder

    @property
    def lock(self) -> int:
        """Descriptor of the lock, for the servers to inherit."""
        if self._lock is None:
            raise RuntimeError("prepare() the folder first")
        return self._lock

    def release(self) -> None:
        """Give the lock up; to be called once the servers have ended."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove(self) -> None:
        """Delete the folder and everything in it."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _make_private(self, folder: Path) -> None:
        """Make a folder with mode 0700 for the account, and refuse one that somebody else has put in its place."""
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in {os.geteuid(), self.account.uid}:
            raise FolderError(f"{folder} belongs to somebody else; remove it, or use another clone")
        if not self.account.is_caller:
            os.chown(folder, self.account.uid, self.account.gid)
        folder.chmod(0o700)

    def _take_lock(self) -> None:
        """Lock the folder; wait while the servers of a starter that has died are still ending."""
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_up_at = time.monotonic() + 10
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(handle, 20, 0).decode()
                if is_running(holder) or time.monotonic() > give_up_at:
                    os.close(handle)
                    raise FolderInUseError(f"{self.path} is in use by process {holder}") from None
                time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle


def digest(path: Path) -> str:
    """A short name for a path."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def is_running(pid: str) -> bool:
    """Whether a process with this number exists."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
