"""What one user may have at most: streams, and people to look at."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from presence.service.tokens import issue_presence_token
from tests.end_to_end.test_revoking import in_django


def the_goodbye(stream):
    """The only event of a stream that was not opened."""
    assert stream.status == 200
    (goodbye,) = stream.read_to_end()
    assert goodbye.name == "goodbye"
    return goodbye.data


@pytest.fixture
def town(own_town):
    return own_town(
        PRESENCE_MAX_USER_STREAMS="3", PRESENCE_MAX_WATCHED="10", API_RATE_LOOKUPS="5/hour"
    )


def test_streams_and_names_are_bounded_for_one_user(town):
    ana, ben, chloe, dan, eve = town.friends("ana", "ben", "chloe", "dan", "eve")
    streams = [ana.watch(contacts="1") for _ in range(3)]
    for stream in streams:
        stream.snapshot()
    refused = ana.watch(contacts="1")
    said = the_goodbye(refused)
    assert said["reason"] == "limited"
    assert said["retry_ms"] >= 30_000 and refused.retry >= 30_000
    ben.watch(contacts="1").snapshot()  # others are not concerned

    streams[0].close()

    names = (ana, ben, chloe, dan)
    named = _when_there_is_room(ana, names)
    for _ in range(3):  # the same people again are looked up no more
        named.close()
        named = _when_there_is_room(ana, names)
    assert ana.api("GET", f"presence/{eve.id}/").status == 200  # the fourth of five
    assert ana.api("GET", f"presence/{eve.id}/").status == 200
    assert ana.api("GET", f"presence/{eve.id}/").status == 429
    named.close()
    said = _last_word(ana, (*names, eve))
    assert said["reason"] == "limited"
    assert said["retry_ms"] > 30_000  # the quota's own time, not the place's
    _when_there_is_room(ana, names)


def test_streams_that_come_at_the_same_moment_are_bounded_as_well(town):
    ana = town.person("ana")
    with ThreadPoolExecutor(20) as together:
        streams = list(together.map(lambda _: ana.watch(ana), range(20)))
    told = Counter(stream.next().name for stream in streams)
    assert told == {"snapshot": 3, "goodbye": 17}


def test_streams_that_are_refused_take_no_place(town):
    ana = town.person("ana")
    in_django(repassworded=ana)
    assert {ana.watch(ana).status for _ in range(5)} == {401}
    ana.token = issue_presence_token(user=ana.id).token
    ana.watch(ana).snapshot()


def _when_there_is_room(person, others):
    """A stream, once the server has heard that the one before is gone."""
    while True:
        stream = person.watch(*others)
        event = stream.next()
        if event.name == "snapshot":
            return stream
        assert event.data["retry_ms"] < 40_000, "the quota is spent"


def _last_word(person, others):
    while True:
        said = the_goodbye(person.watch(*others))
        if said["retry_ms"] > 40_000:
            return said
