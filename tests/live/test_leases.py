"""Leases: renewals in bulk, what is due, and when expiry holds. renew.lua, extend.lua and due.lua."""

import asyncio
from datetime import timedelta

import pytest

from presence.domain.message import Message
from presence.domain.signals import Leave, MessageWritten, Silence
from presence.domain.status import Activity, Status
from presence.live.connection import LiveUnavailableError
from tests.live.store import SHORT, ms, until


async def test_renewals_of_many_users_in_many_shards_are_one_round_trip(store):
    users = [f"u{number}" for number in range(20)]
    for user in users:
        await store.beat(user)
    await asyncio.sleep(0.002)
    before = await store.calls("evalsha", "eval")
    now, statuses = await store.leases.renew([store.renewal(user) for user in users])
    assert await store.calls("evalsha", "eval") - before == 1
    assert statuses == [Status.ONLINE] * 20
    for user in users:
        assert (await store.load(user)).record.sessions["tab"].beat_until == now + 60_000


async def test_a_lease_that_is_not_there_is_not_made(store):
    await store.beat("ana")
    await asyncio.sleep(0.002)
    asked = [
        store.renewal("ana", "other"),
        store.renewal("ana"),
        store.renewal("ana", activity=Activity.HIDDEN),
        store.renewal("ben"),
    ]
    assert (await store.leases.renew(asked))[1] == [None, Status.ONLINE, None, None]
    assert await store.redis.zcard(store.keys.leases(store.keys.shard("ana"))) == 1


async def test_a_renewal_says_what_others_see(store):
    await store.beat("ana", activity=Activity.IDLE)
    await asyncio.sleep(0.002)
    asked = [store.renewal("ana", activity=Activity.IDLE)]
    assert (await store.leases.renew(asked))[1] == [Status.AWAY]


async def test_many_leases_are_extended_in_a_thousand_a_round_trip(store):
    members = [store.renewal(f"u{number}").member for number in range(2_500)]
    alone = store.keys.leases(3)
    await store.redis.zadd(alone, dict.fromkeys(members, 1))
    for user in ("ana", "ben"):
        await store.beat(user)
    asked = {3: [*members[:1_200], "gone", *members[1_200:], "gone too"]}
    for user in ("ana", "ben", "eve"):
        asked.setdefault(store.keys.shard(user), []).append(store.renewal(user).member)
    await store.leases.extend({0: ["none"]}, lease=1)  # the script is there: count calls from here
    before = await store.calls("evalsha", "eval")
    missing = await store.leases.extend(asked, lease=70_000)
    assert await store.calls("evalsha", "eval") - before == 3
    assert sorted(missing) == sorted(["gone", "gone too", store.renewal("eve").member])
    now = (await store.load("ana")).now
    deadlines = await store.redis.zrange(alone, 0, -1, withscores=True)
    assert len(deadlines) == 2_500
    assert min(deadline for _, deadline in deadlines) > now + 60_000
    assert (await store.load("ben")).record.sessions["tab"].beat_until > now + 60_000


async def test_extending_twice_at_once_is_not_missing(store):
    await store.beat("ana")
    ana = store.renewal("ana")
    asked = {ana.shard: [ana.member, ana.member]}
    for _ in range(20):
        assert await store.leases.extend(asked, lease=60_000) == []


async def test_a_silent_session_is_due_when_its_lease_has_passed(make_store):
    store = make_store(policy=SHORT)
    await store.epoch.ensure()
    await store.beat("ana")
    assert (await store.due())[0] == frozenset()
    await store.until_silent("ana")
    now = (await store.load("ana")).now
    assert (await store.load("ana")).record.sessions["tab"].beat_until <= now


async def test_a_timed_end_is_due_at_its_instant(store):
    now = (await store.load("ana")).now
    await store.apply("ana", MessageWritten(message=Message(text="a", until=now + 30)))
    due = await until(store.due, lambda due: due[1])
    assert due[:2] == (frozenset(), {"ana"})
    assert (await store.load("ana")).now >= now + 30


async def test_of_two_sweepers_exactly_one_makes_the_change(make_store):
    one, two = make_store(policy=SHORT), make_store(policy=SHORT)
    for store in (one, two):
        await store.epoch.ensure()
    users = [f"u{number}" for number in range(10)]
    for user in users:
        await one.beat(user)
    for user in users:
        await one.until_silent(user)
    both = await asyncio.gather(
        *(store.apply(user, Silence()) for user in users for store in (one, two))
    )
    logged = [each for each in both if each is not None and each.payload is not None]
    assert len(logged) == len(users)
    heads = (await one.log.heads())[1]
    assert sum(version for version, _ in heads) == 2 * len(users)


async def test_expiry_holds_after_an_absence_of_sweeps(make_store):
    store = make_store(policy=SHORT, hold_after=ms(50), hold=ms(150))
    await store.epoch.ensure()
    await store.beat("ana")
    assert not (await store.due())[2]
    await asyncio.sleep(0.06)  # nobody sweeps for longer than `hold_after`
    silent, _, held = await store.due()
    assert held
    assert silent == frozenset()
    started = (await store.load("ana")).now
    due = await until(store.due, lambda due: not due[2])
    assert (await store.load("ana")).now - started >= 100
    assert due[0] == {"ana"}


async def test_while_expiry_holds_who_said_goodbye_still_goes(make_store):
    store = make_store(policy=SHORT, hold=timedelta(hours=1))
    await store.epoch.ensure()
    await store.beat("ana")
    await store.beat("ben")
    await store.apply("ana", Leave(session="tab"))
    await asyncio.sleep(0.06)  # past lease and grace
    (due,) = await store.leases.due(hold_now=True)
    assert (due.silent, due.leaving) == (frozenset(), {"ana"})


async def test_a_store_without_sessions_has_nothing_to_hold(store):
    await store.epoch.ensure()
    assert not (await store.due(hold_now=True))[2]


async def test_expiry_holds_on_demand_and_timed_ends_go_on(make_store):
    store = make_store(policy=SHORT, hold=timedelta(hours=1))
    await store.epoch.ensure()
    await store.beat("ana")
    now = (await store.load("ana")).now
    await store.apply("ana", MessageWritten(message=Message(text="a", until=now + 20)))
    await asyncio.sleep(0.06)  # past the lease
    silent, timed, held = await store.due(hold_now=True)
    assert (silent, timed, held) == (frozenset(), {"ana"}, True)
    assert (await store.due())[2]  # and on: the hold lasts


async def test_the_note_that_somebody_serves_fades(store):
    assert not await store.leases.is_served()
    await store.leases.note_serving(lasts=ms(30))
    assert await store.leases.is_served()
    await until(store.leases.is_served, lambda is_served: not is_served)


async def test_a_store_that_is_gone_is_unavailable(fresh_valkey, make_store):
    store = make_store(url=fresh_valkey.url)
    await store.epoch.ensure()
    fresh_valkey.kill()
    for use in (store.load, store.epoch.has_changed, store.log.heads, store.due):
        with pytest.raises(LiveUnavailableError, match="Error"):
            await (use("ana") if use == store.load else use())
