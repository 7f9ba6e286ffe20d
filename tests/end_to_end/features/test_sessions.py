"""Sessions: many of one user, of every kind, and how each of them ends."""

from tests.end_to_end.features.saying import instant, ok, why
from tests.end_to_end.people import Beating
from tests.end_to_end.wire import ask


def test_of_many_sessions_the_most_available_wins(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat("laptop", activity="idle")
    stream.sees(ana.id, "away")
    ana.beat("phone", device="mobile")
    online = stream.sees(ana.id, "online")
    assert online["devices"] == ["mobile", "web"]
    ana.leave("phone", final=True)
    assert stream.sees(ana.id, "away")["devices"] == ["web"]
    ana.leave("laptop", final=True)
    assert stream.sees(ana.id, "offline")["devices"] == []


def test_every_kind_of_device_is_shown(town):
    ana, ben = town.friends("ana", "ben")
    kinds = ["desktop", "mobile", "other", "tablet", "web"]
    for kind in kinds:
        ok(ana.beat(f"a-{kind}", device=kind))
    assert ben.record_of(ana)["devices"] == kinds


def test_a_sign_out_skips_the_grace_that_a_leave_has(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    stream = ben.watch(ana, chloe)
    stream.snapshot()
    ana.beat()
    chloe.beat()
    stream.sees(chloe.id, "online")
    ana.leave()
    chloe.leave(final=True)
    signed_out = stream.sees(chloe.id, "offline")
    left = stream.sees(ana.id, "offline")
    # Whoever left first is gone last: the grace went by, and is no proof of life.
    assert instant(signed_out["since"]) < instant(left["since"])
    assert instant(left["last_seen"]) < instant(signed_out["since"])


def test_who_returns_within_the_grace_was_never_gone(town):
    ana, chloe, ben = town.friends("ana", "chloe", "ben")
    stream = ben.watch(ana, chloe)
    stream.snapshot()
    ana.beat()
    online = stream.sees(ana.id, "online")
    ana.leave()
    with Beating(ana):
        chloe.beat()
        stream.sees(chloe.id, "online")
        chloe.leave()  # a grace that begins later ends later
        stream.sees(chloe.id, "offline")
        assert ben.record_of(ana) == online


def test_a_silent_session_ends_by_its_lease_and_a_hidden_one_later(fast_town):
    ana, chloe, ben = fast_town.friends("ana", "chloe", "ben")
    stream = ben.watch(ana, chloe)
    stream.snapshot()
    hidden = ok(ana.beat(activity="hidden"))
    visible = ok(chloe.beat())
    assert hidden["lease_ms"] > visible["lease_ms"]
    assert hidden["status"] == "online"  # being hidden alone makes nobody away
    gone = stream.sees(chloe.id, "offline")
    assert instant(gone["last_seen"]) < instant(gone["since"])
    assert ben.record_of(ana)["status"] != "offline"
    stream.sees(ana.id, "offline")


def test_one_lists_and_ends_ones_own_sessions(town):
    ana, ben = town.friends("ana", "ben")
    stream = ben.watch(ana)
    ana.beat("laptop", device="desktop", rooms=["lobby"])
    ana.beat("phone", device="mobile", activity="idle")
    listed = {each["session"]: each for each in ok(ana.api("GET", "me/sessions/"))["sessions"]}
    assert set(listed) == {"laptop", "phone"}
    assert (listed["laptop"]["device"], listed["laptop"]["rooms"]) == ("desktop", ["lobby"])
    assert (listed["phone"]["activity"], listed["phone"]["idle"]) == ("idle", True)
    assert 0 < listed["phone"]["lease_left_ms"] <= 60_000
    ok(ana.api("DELETE", "me/sessions/laptop/"), 204)
    assert stream.sees(ana.id, "away")["devices"] == ["mobile"]
    ok(ana.api("DELETE", "me/sessions/phone/"), 204)
    stream.sees(ana.id, "offline")
    assert ana.api("DELETE", "me/sessions/phone/").is_problem(404)
    assert ok(ana.api("GET", "me/sessions/"))["sessions"] == []


def test_nobody_ends_a_session_of_somebody_else(town):
    ana, ben = town.friends("ana", "ben")
    ana.beat("laptop")
    assert ben.api("DELETE", "me/sessions/laptop/").is_problem(404)
    assert ok(ask(town.site.port, "GET", "/api/v1/me/why/", headers=ana.headers))["sessions"]


def test_an_open_stream_keeps_its_session_alive(fast_town):
    ana, chloe, ben = fast_town.friends("ana", "chloe", "ben")
    stream = ben.watch(ana, chloe)
    watching = ana.watch(ben, session="tab")
    watching.snapshot()
    stream.sees(ana.id, "online")
    chloe.beat()  # who only beats once is gone a lease later, and by then Ana would be as well
    stream.sees(chloe.id, "online")
    stream.sees(chloe.id, "offline")
    assert ben.record_of(ana)["status"] != "offline"
    assert [each["streaming"] for each in why(ana)["sessions"]] == [True]
    watching.close()
    stream.sees(ana.id, "offline")
