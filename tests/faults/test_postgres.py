"""Postgres is away for a while: who is known goes on as before, and history catches up."""

import pytest

from presence_project.embedded.folder import ServerFolder
from tests.end_to_end.people import Beating, wait_until
from tests.servers import DatabaseServer, environment, manage


@pytest.fixture
def own_postgres():
    folder = ServerFolder.temporary()
    folder.prepare()
    server = DatabaseServer(folder, durable=False)
    server.start()
    env = environment({"DATABASE_URL": server.url})
    manage("migrate", env=env)
    manage("demo_people", env=env)
    yield server
    server.stop()
    folder.remove()


@pytest.mark.parametrize("kind", ["uvicorn", "daphne"])
def test_live_presence_needs_no_postgres_and_history_loses_nothing(start_town, own_postgres, kind):
    town = start_town(kind, serve_options={"database_url": own_postgres.url})
    ana, eve, ben = town.friends("ana", "eve", "ben")
    stream = ben.watch(ana, eve)
    with Beating(ana) as beating:
        stream.sees(ana.id, "online")
        eve.beat()
        stream.sees(eve.id, "online")
        wait_until(lambda: town.transitions(eve) == ["online"])
        own_postgres.stop()
        expected = ["online"]
        for activity, status in (("idle", "away"), ("active", "online")) * 3:
            assert eve.beat(activity=activity).status == 200
            stream.sees(eve.id, status)
            expected.append(status)
        # A stream that was open before opens again as well: who may see whom is remembered.
        ben.watch(ana, eve).snapshot()
        unready = town.ask("/readyz")
        assert unready.status == 503
        assert unready.json["checks"]["redis"] == "ok"
        assert unready.json["checks"]["postgres"] != "ok"
        assert beating.statuses.count(200) == len(beating.statuses)
        own_postgres.start()
        eve.leave(final=True)
        stream.sees(eve.id, "offline")
        expected.append("offline")
        wait_until(lambda: town.transitions(eve) == expected)
        wait_until(lambda: town.ask("/readyz").status == 200)
        assert town.transitions(ana) == ["online"]
    assert set(beating.statuses) == {200}
