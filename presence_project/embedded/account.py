"""Who the embedded servers run as: the caller, or `nobody` when the caller is root.

Postgres refuses to run as root, and needs an account that exists in the passwd file.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """A system account."""

    uid: int
    gid: int

    @classmethod
    def for_servers(cls) -> Account:
        """The account the servers run as."""
        if os.geteuid() == 0:
            entry = pwd.getpwnam("nobody")
            return cls(entry.pw_uid, entry.pw_gid)
        return cls(os.geteuid(), os.getegid())

    @property
    def is_caller(self) -> bool:
        """Whether this is the account of the running process."""
        return self.uid == os.geteuid()

    @property
    def user_to_become(self) -> int | None:
        """What a child process is to be started as; None where there is nothing to change."""
        return None if self.is_caller else self.uid

    @property
    def group_to_become(self) -> int | None:
        """The child's group, likewise."""
        return None if self.is_caller else self.gid

    @property
    def groups_to_keep(self) -> list[int] | None:
        """The child's other groups: none of root's."""
        return None if self.is_caller else []

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way down to this one lets the account through."""
        return all(
            self._may(step, stat.S_IXOTH) for step in (folder, *folder.parents) if step.exists()
        )

    def can_run(self, program: Path) -> bool:
        """Whether the account can reach and execute this file."""
        return self.can_enter(program.parent) and self._may(program, stat.S_IXOTH | stat.S_IROTH)

    def _may(self, path: Path, bits: int) -> bool:
        """Whether the mode of one path grants what the bits ask for, read as others or, if so, as its owner."""
        found = path.stat()
        if found.st_uid == self.uid:
            bits <<= 6
        elif found.st_gid == self.gid:
            bits <<= 3
        return found.st_mode & bits == bits
