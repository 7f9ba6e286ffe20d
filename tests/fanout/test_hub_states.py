"""Whatever happens in whatever order: snapshot and changes are what a later snapshot would be."""

import asyncio
import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from presence.domain.face import UNSEEN
from presence.domain.status import Status
from presence.domain.visibility import Lens
from presence.fanout.wire import wire_record
from tests.fanout.streams import NOON, Stream, entry, face, hub, sight, until
from tests.fanout.wires import facts, shown

user = st.sampled_from(["ana", "ben", "chloe"])
lenses = st.dictionaries(user, st.sampled_from([Lens.EXACT, Lens.HOUR, Lens.HIDDEN]))


class HubStates(RuleBasedStateMachine):
    """A hub, its streams, and the store that it is told about."""

    def __init__(self, runner):
        super().__init__()
        self.runner = runner
        self.hub = self.do(lambda: hub(flush=0.0))
        self.version = 0
        self.store = {}
        self.log = []
        self.opening, self.streams = [], []

    def do(self, act):
        async def run():
            return act()

        return self.runner.run(run())

    @rule(user=user, status=st.sampled_from(Status), is_heard=st.booleans())
    def change(self, user, status, is_heard):
        self.version += 1
        before = self.store.get(user, (UNSEEN, 0))[0]
        after = face(status, at=NOON + self.version)
        self.store[user] = (after, self.version)
        self.log.append(entry(user, self.version, after, before=before))
        if is_heard:
            self.do(lambda: self.hub.apply(self.log[-1:]))

    @rule(count=st.integers(1, 5))
    def repair(self, count):
        """What was lost, and what was not, is read again from the log."""
        self.do(lambda: self.hub.apply(self.log[-count:]))

    @rule(lenses=lenses)
    def subscribe(self, lenses):
        self.opening.append((self.do(lambda: Stream(self.hub)), lenses))
        stream = self.opening[-1][0]
        self.do(lambda: stream.open(lenses, self.store))

    @rule()
    @precondition(lambda self: self.opening)
    def release(self):
        stream, lenses = self.opening.pop(0)
        self.do(stream.release)
        self.streams.append((stream, lenses))

    @rule(data=st.data(), lenses=lenses)
    @precondition(lambda self: self.streams)
    def retarget(self, data, lenses):
        at = data.draw(st.sampled_from(range(len(self.streams))))
        stream, _ = self.streams[at]

        def act():
            unknown = self.hub.retarget(stream.mailbox, sight(lenses))
            for user in unknown:
                self.hub.learn(user, *self.store.get(user, (UNSEEN, 0)), NOON)
            self.hub.show_again(unknown)

        self.do(act)
        self.streams[at] = (stream, lenses)

    @rule(data=st.data())
    @precondition(lambda self: self.streams)
    def stop_reading(self, data):
        stream, _ = data.draw(st.sampled_from(self.streams))
        stream.wire.is_stuck = True

    @rule(data=st.data())
    @precondition(lambda self: self.streams)
    def close(self, data):
        at = data.draw(st.sampled_from(range(len(self.streams))))
        stream, _ = self.streams.pop(at)
        self.do(lambda: self.hub.close(stream.watch))

    @rule()
    def look(self):
        self.do(lambda: self.hub.apply(self.log))
        for stream, _ in self.streams:
            stream.wire.is_stuck = False
        self.runner.run(until(lambda: not any(each.mailbox.pending for each, _ in self.streams)))
        for stream, lenses in self.streams:
            truth = {}
            for name, lens in lenses.items():
                seen, version = self.store.get(name, (UNSEEN, 0))
                record = wire_record(user=name, face=seen, version=version, lens=lens)
                truth[name] = {
                    "status": record.status,
                    "since": record.since,
                    "last_seen": record.last_seen,
                    "devices": list(record.devices),
                    "message": None,
                }
            assert shown(stream.read()) == {
                name: facts(record)
                for name, record in truth.items()
                if record["since"] or record["status"] != "offline"
            }

    def teardown(self):
        self.look()
        self.do(self.hub.shut)


def test_snapshot_and_changes_are_what_a_later_snapshot_would_be():
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: HubStates(runner),
            settings=settings(
                max_examples=60,
                deadline=None,
                derandomize="CI" in os.environ,
                suppress_health_check=[*HealthCheck],
            ),
        )
