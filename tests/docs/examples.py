"""Examples: the `console` blocks of a page, run one after the other in one shell, and their output compared by shape.

Flow: page -> **examples** -> bash + curl -> the server of a test.

A block's lines that begin with `$ ` are run; what stands below one is what it prints. Comments before a block steer
it without being seen: `<!-- meanwhile: command -->` runs the command a moment after the block's first one has begun,
`<!-- before: command -->` runs it first, `<!-- site: name -->` has the block talk to another of the test's servers.
Streams are broken off after 5 s (`<!-- lasts: 8 -->` after eight), as a reader would by Ctrl-C; an output that
ends with `…` goes on.

Compared by shape: instants, cursors, tokens, versions and the durations that the server draws are placeholders; all
else has to be the same.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_STEER = re.compile(r"<!-- (meanwhile|before|site|lasts): (.*) -->")
_PLACEHOLDERS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<instant>"),
    (re.compile(r"\b[0-9a-z]{1,32}\.\d{13}\b"), "<cursor>"),
    (re.compile(r"eyJ[\w.…-]*"), "<token>"),
    (re.compile(r'(?<="ticket":")[\w-]{32}'), "<ticket>"),
)
_DRAWN = re.compile(r'("(?:next_in_ms|retry_ms|version|lease_left_ms)": ?)\d+')
_STREAM_LASTS = 5.0  # twice what a quiet machine needs, and less than a keep-alive


@dataclass
class Command:
    """One command of a block and what it is to print."""

    text: str
    expected: list[str] = field(default_factory=list)


@dataclass
class Example:
    """One block: where it stands, what steers it, its commands."""

    where: str
    steering: list[tuple[str, str]]
    commands: list[Command]


def examples_of(page: Path) -> Iterator[Example]:
    """The page's `console` blocks, in order."""
    steering: list[tuple[str, str]] = []
    block: list[str] | None = None
    start = 0
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        if block is not None:
            if line.startswith("```"):
                yield Example(f"{page.name}:{start}", steering, _commands(block))
                block, steering = None, []
            else:
                block.append(line)
        elif line.startswith("```console"):
            block, start = [], number
        elif found := _STEER.fullmatch(line):
            steering.append((found[1], found[2]))


def _commands(lines: list[str]) -> list[Command]:
    commands: list[Command] = []
    goes_on = False
    for line in lines:
        if goes_on:
            commands[-1].text += "\n" + line
        elif line.startswith("$ "):
            commands.append(Command(line[2:]))
        else:
            commands[-1].expected.append(line)
            continue
        goes_on = line.endswith("\\")
    return commands


class Shell:
    """One bash for a whole page, so that variables and functions stay."""

    def __init__(self, sites: dict[str, str]) -> None:
        """Let the pages' `$site` be one of `sites` (name -> URL); the first is the usual one."""
        self._sites = sites
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def check(self, example: Example) -> None:
        """Run one block; its output must have the shape that the page shows."""
        told = dict(example.steering)
        self.run(f"site={self._sites[told.get('site', next(iter(self._sites)))]}")
        for kind, text in example.steering:
            if kind == "before":
                self.run(text)
        meanwhile = [text for kind, text in example.steering if kind == "meanwhile"]
        for command in example.commands:
            text = re.sub(r"^site=\S+$", ":", command.text, flags=re.MULTILINE)
            if "/presence/stream" in text:
                text = text.replace(
                    "curl ", f"curl --max-time {told.get('lasts', _STREAM_LASTS)} ", 1
                )
            if meanwhile:
                later = "; ".join(meanwhile)
                text = f"{{ sleep 1.5; {later}; }} > /dev/null 2>&1 &\n{text}\nwait"
                meanwhile = []
            printed = self.run(text)
            expected = "\n".join(command.expected)
            assert shape_of(printed, like=expected) == shape_of(expected, like=expected), (
                f"{example.where}\n$ {command.text}\nprints\n{printed}\nbut the page says\n{expected}"
            )

    def run(self, text: str) -> str:
        """Return what the commands print."""
        assert self._process.stdin and self._process.stdout
        mark = f"end-of-{time.monotonic_ns()}"
        self._process.stdin.write(f"{text}\nprintf '\\n%s\\n' {mark}\n")
        self._process.stdin.flush()
        printed = ""
        while not printed.endswith(f"\n{mark}\n"):
            line = self._process.stdout.readline()
            assert line, f"the shell ended:\n{printed}"
            printed += line
        return printed.removesuffix(f"\n{mark}\n")


def shape_of(text: str, *, like: str) -> object:
    """`text` with placeholders for what differs each time; `like` is what the page says."""
    text = text.replace("\r\n", "\n").strip()
    if text.startswith("HTTP/"):
        head, _, body = text.partition("\n\n")
        status, *headers = head.splitlines()
        shown = {
            line.partition(":")[0].lower()
            for line in like.split("\n\n", maxsplit=1)[0].splitlines()
        }
        kept = [_plain(line).lower() for line in headers if line.partition(":")[0].lower() in shown]
        return status, sorted(kept), shape_of(body, like=like.partition("\n\n")[2])
    if "event: " in like or like.startswith("retry: "):
        frames = [_frame(frame) for frame in re.split(r"\n{2,}", text)]
        expected = like.strip()
        if expected.endswith("…"):
            number = len(re.split(r"\n{2,}", expected)) - 1
            return frames[:number]
        return frames
    return _json_or_plain(text)


def _frame(frame: str) -> list[object]:
    lines = []
    for line in frame.splitlines():
        name, _, value = line.partition(": ")
        lines.append((name, _json_or_plain(value)))
    return lines


def _json_or_plain(text: str) -> object:
    plain = _plain(text)
    try:
        return json.loads(_DRAWN.sub(r"\g<1>0", plain), object_hook=_in_order)
    except ValueError:
        return plain


def _in_order(found: dict[str, object]) -> dict[str, object]:
    """An object whose lists of records stand in the order of their users: the protocol promises none."""
    for name in ("users", "changes"):
        records = found.get(name)
        if isinstance(records, list):
            found[name] = sorted(records, key=str)
    return found


def _plain(text: str) -> str:
    for pattern, name in _PLACEHOLDERS:
        text = pattern.sub(name, text)
    return text
