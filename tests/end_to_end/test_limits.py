"""What one user may have at most: streams, and people to look at."""

import pytest


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
