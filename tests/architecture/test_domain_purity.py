"""The rules decide purely: what the domain may not touch is said here, beside the import contracts."""

import ast
import sys

import pytest

from tests.architecture.source import PACKAGE, modules, name_of

UNDECIDED = {"asyncio", "logging", "os", "random", "secrets", "threading", "time", "uuid"}
STANDARD = sys.stdlib_module_names - UNDECIDED
FORBIDDEN_CALLS = {"now", "utcnow", "today"}  # of datetime and date: `now` is always an argument
DOMAIN = modules(PACKAGE / "domain")


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_imports_neither_clock_nor_chance_nor_the_world(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= STANDARD
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            imported = node.module or ""
            assert imported.startswith("presence.domain") or imported.split(".")[0] in STANDARD


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_reads_no_clock(path):
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & FORBIDDEN_CALLS


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_waits_for_nothing(path):
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, waiting)]
