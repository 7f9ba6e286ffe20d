"""Months are made ahead, take in what waited for them, and go as a whole."""

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from presence.domain.instant import from_datetime, parse_instant
from presence.history import partitions
from presence.history.partitions import PartitionsBusyError, Patience
from presence.history.queries import transitions_of
from presence.history.writer import write_changes
from presence.models import Transition
from tests.history.changes import logged, online

pytestmark = pytest.mark.django_db

IN_A_HURRY = Patience(lock_timeout=timedelta(milliseconds=20), tries=2, pause=timedelta(0))


def month_of(user: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT tableoid::regclass::text FROM presence_transition WHERE "user" = %s', [user]
        )
        return cursor.fetchone()[0]


def write_at(text: str, user: str = "7", version: int = 1) -> None:
    assert write_changes([logged(user, online(parse_instant(text)), version=version)]) == 1


def test_the_present_month_and_those_ahead_are_made_once():
    now = parse_instant("2031-11-30T23:59:59.999Z")
    report = partitions.ensure(months_ahead=2, now=now)
    assert report.created == (
        "presence_transition_y2031m11",
        "presence_transition_y2031m12",
        "presence_transition_y2032m01",
    )
    again = partitions.ensure(months_ahead=2, now=now)
    assert again.created == ()
    assert set(report.created) <= set(again.months)


def test_a_fresh_database_has_the_months_that_come():
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now = from_datetime(cursor.fetchone()[0])
    write_changes([logged("7", online(now), version=1)])
    assert partitions.ensure(months_ahead=0).created == ()
    assert month_of("7") != "presence_transition_default"


def test_the_last_and_the_first_millisecond_of_a_month_fall_on_either_side():
    partitions.ensure(months_ahead=1, now=parse_instant("2031-12-01T00:00:00Z"))
    write_at("2031-12-31T23:59:59.999Z", "7", 1)
    write_at("2032-01-01T00:00:00.000Z", "8", 2)
    assert month_of("7") == "presence_transition_y2031m12"
    assert month_of("8") == "presence_transition_y2032m01"


def test_a_change_of_a_month_that_nobody_made_is_kept_found_and_reported(caplog):
    write_at("2041-06-15T12:00:00Z")
    assert month_of("7") == "presence_transition_default"
    assert len(transitions_of(user="7")) == 1
    assert partitions.ensure(now=parse_instant("2031-01-01T00:00:00Z")).strays == 1
    assert "1 transitions are in no month's partition" in caplog.text


def test_making_the_month_takes_in_what_waited_for_it():
    write_at("2041-06-15T12:00:00Z", "7", 1)
    write_at("2041-07-01T00:00:00Z", "8", 2)
    report = partitions.ensure(months_ahead=0, now=parse_instant("2041-06-01T00:00:00Z"))
    assert (report.created, report.strays) == (("presence_transition_y2041m06",), 1)
    assert month_of("7") == "presence_transition_y2041m06"
    assert month_of("8") == "presence_transition_default"
    change = logged("7", online(parse_instant("2041-06-15T12:00:00Z")), version=1)
    assert write_changes([change]) == 0  # still known


def test_a_month_that_was_made_later_has_the_same_indexes():
    partitions.ensure(months_ahead=0, now=parse_instant("2041-06-01T00:00:00Z"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_index JOIN pg_inherits ON inhrelid = indexrelid"
            " WHERE indrelid = 'presence_transition_y2041m06'::regclass"
        )
        assert cursor.fetchone()[0] == 4  # attached to those of the whole table, not besides them


def test_months_older_than_asked_for_are_dropped_with_their_strays():
    partitions.ensure(months_ahead=3, now=parse_instant("2021-01-15T00:00:00Z"))
    write_at("2020-12-31T00:00:00Z", "stray", 1)
    write_at("2021-01-31T00:00:00Z", "old", 2)
    write_at("2021-02-01T00:00:00Z", "kept", 3)
    dropped = partitions.drop_older_than(2, now=parse_instant("2021-04-30T00:00:00Z"))
    assert dropped == ("presence_transition_y2021m01",)
    assert list(Transition.objects.values_list("user", flat=True)) == ["kept"]
    assert partitions.drop_older_than(2, now=parse_instant("2021-04-30T00:00:00Z")) == ()


def test_the_present_month_cannot_be_dropped():
    with pytest.raises(ValueError, match="at least one month"):
        partitions.drop_older_than(0)


def drop_test_months() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS presence_transition_y2021m01")


@pytest.mark.django_db(transaction=True)
def test_a_table_in_use_is_left_alone_and_dropped_when_it_is_free():
    now = parse_instant("2021-01-15T00:00:00Z")
    partitions.ensure(months_ahead=0, now=now)
    reading, finished = threading.Event(), threading.Event()

    def read() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM presence_transition_y2021m01")
                reading.set()
                finished.wait(10)
        finally:
            connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    later = parse_instant("2022-01-15T00:00:00Z")
    try:
        assert reading.wait(10)
        with pytest.raises(PartitionsBusyError, match="2 tries"):
            partitions.drop_older_than(1, now=later, patience=IN_A_HURRY)
    finally:
        finished.set()
        reader.join()
    assert partitions.drop_older_than(1, now=later) == ("presence_transition_y2021m01",)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_a_month_once():
    created: list[str] = []

    def ensure() -> None:
        try:
            report = partitions.ensure(months_ahead=0, now=parse_instant("2021-01-15T00:00:00Z"))
            created.extend(report.created)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ensure) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert created == ["presence_transition_y2021m01"]
    finally:
        drop_test_months()


def test_the_command_says_what_it_made_and_dropped():
    output = StringIO()
    call_command("presence_partitions", ahead=3, keep=12, stdout=output)
    assert output.getvalue() == "made: nothing, all are there\ndropped: nothing, none is that old\n"


def test_the_command_fails_on_strays_so_that_cron_reports_them():
    write_at("2041-06-15T12:00:00Z")
    with pytest.raises(CommandError, match="1 transitions are in no month's partition"):
        call_command("presence_partitions", stdout=StringIO())


@pytest.mark.parametrize("options", [{"keep": 0}, {"ahead": -1}])
def test_the_command_refuses_impossible_numbers(options):
    with pytest.raises(CommandError, match="at least"):
        call_command("presence_partitions", stdout=StringIO(), **options)
