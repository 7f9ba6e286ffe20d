"""History is read from a replica where settings name one, and never written to it."""

from django.db import connections

from presence.history import databases


def test_without_a_replica_reads_and_writes_go_to_the_same_database():
    assert databases.reading() == databases.writing() == "default"


def test_with_a_replica_only_reads_go_there(monkeypatch):
    monkeypatch.setitem(connections.settings, "replica", connections.settings["default"])
    assert databases.reading() == "replica"
    assert databases.writing() == "default"
