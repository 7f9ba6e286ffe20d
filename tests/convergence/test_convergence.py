"""Whatever happens, and whatever the bus loses: in the end every watcher sees the truth, and never more.

`CONVERGENCE_EXAMPLES` says how many stories are tried.
"""

import asyncio
import os
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from presence.domain.message import Message
from presence.domain.status import Activity, Availability, Status
from presence.domain.visibility import Audience, Precision
from tests.convergence.world import World, leave_the_layer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    # A command that is cancelled with its process leaves redis-py's connection to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CLAIMED = [Status.ONLINE, Status.AWAY, Status.BUSY]
EXAMPLES = int(os.environ.get("CONVERGENCE_EXAMPLES", "300"))

person = st.integers(0, 3)
process = st.integers(0, 1)
session = st.sampled_from(["tab", "phone"])
rooms = st.sampled_from([(), ("lobby",), ("lobby", "kitchen")])
app = st.sampled_from(["calls", "calendar"])
heard = st.booleans()


class Convergence(RuleBasedStateMachine):
    """People come, go, choose, are claimed and block while watchers look on and the bus loses what it likes."""

    def __init__(self, run, world):
        super().__init__()
        self.run, self.world = run, world
        self.run(world.begin())

    def name(self, number):
        return self.world.people[number]

    @initialize(viewers=st.lists(st.tuples(person, process), min_size=1, max_size=3))
    def open_streams(self, viewers):
        for viewer, where in viewers:
            self.run(self.world.watch(self.name(viewer), where))

    @rule(
        user=person, session=session, activity=st.sampled_from(Activity), rooms=rooms, heard=heard
    )
    def beat(self, user, session, activity, rooms, heard):
        self.run(self.world.beat(self.name(user), session, activity, rooms, heard=heard))

    @rule(user=person, session=session, final=st.booleans(), heard=heard)
    def leave(self, user, session, final, heard):
        self.run(self.world.leave(self.name(user), session, final=final, heard=heard))

    @rule(user=person, availability=st.sampled_from(Availability), heard=heard)
    def choose(self, user, availability, heard):
        self.run(self.world.choose(self.name(user), availability, heard=heard))

    @rule(user=person, text=st.sampled_from(["", "lunch", "on a train"]), heard=heard)
    def write(self, user, text, heard):
        message = Message(text=text) if text else None
        self.run(self.world.write(self.name(user), message, heard=heard))

    @rule(app=app, user=person, status=st.sampled_from(CLAIMED), strong=st.booleans(), heard=heard)
    def claim(self, app, user, status, strong, heard):
        self.run(self.world.claim(app, self.name(user), status, strong=strong, heard=heard))

    @rule(app=app, user=person, heard=heard)
    def release(self, app, user, heard):
        self.run(self.world.release(app, self.name(user), heard=heard))

    @rule(users=st.lists(person, min_size=2, max_size=2, unique=True))
    def block_or_unblock(self, users):
        owner, other = map(self.name, users)
        self.run(self.world.toggle_block(owner, other))

    @rule(
        user=person,
        audience=st.sampled_from(Audience),
        precision=st.sampled_from(Precision),
    )
    def let_see(self, user, audience, precision):
        self.run(self.world.let_see(self.name(user), audience, precision))

    @rule(viewer=person, where=process)
    @precondition(lambda self: len(self.world.watchers) < 5)
    def watch(self, viewer, where):
        self.run(self.world.watch(self.name(viewer), where))

    @rule(data=st.data())
    @precondition(lambda self: self.world.watchers)
    def reconnect(self, data):
        watcher = data.draw(st.sampled_from(range(len(self.world.watchers))))
        self.run(self.world.reconnect(self.world.watchers[watcher]))

    @rule(data=st.data())
    @precondition(lambda self: self.world.watchers)
    def stop_reading(self, data):
        watcher = data.draw(st.sampled_from(range(len(self.world.watchers))))
        self.world.watchers[watcher].wire.is_stuck = True

    @rule(where=process)
    def restart(self, where):
        self.run(self.world.restart(where))

    @rule()
    def look(self):
        self.run(self.world.settle())

    def teardown(self):
        try:
            self.run(self.world.settle())
        finally:
            self.run(self.world.end())


@pytest.fixture
def people(django_user_model, transactional_db):
    """Four accounts; ids of whom nobody has heard would not be there to be seen."""
    made = [django_user_model.objects.create_user(username=name) for name in "abcd"]
    return [str(account.pk) for account in made]


def test_every_watcher_comes_to_see_the_truth_and_nothing_forbidden(redis_url, people):
    numbers = count()
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Convergence(runner.run, World(redis_url, people, next(numbers))),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=8,
                deadline=None,
                derandomize="CI" in os.environ,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(leave_the_layer())
