"""One line for each request, when they are asked for; never a query."""

from tests.end_to_end.people import Town, wait_until


def test_requests_are_logged_without_their_queries(serve):
    site = serve(arguments=("--access-log",))
    town = Town(site)
    ana = town.person("ana")
    assert ana.beat().status == 200
    assert ana.api("GET", f"presence/?users={ana.id},somebody").status == 200
    ticket = ana.api("POST", "presence/ticket/").json["ticket"]
    town.open(f"/presence/stream?ticket={ticket}", {}).snapshot()
    town.open(f"/presence/stream?token={ana.token}", {}).snapshot()
    town.close()

    lines = (
        '"POST /presence/heartbeat HTTP/1.1" 200',
        '"GET /api/v1/presence/ HTTP/1.1" 200',
        '"GET /presence/stream HTTP/1.1" 200',
    )
    wait_until(lambda: all(line in site.read_log() for line in lines))
    log = site.read_log()
    assert log.count("/presence/stream ") == 2
    for secret in (ticket, ana.token, "somebody", "?"):
        assert secret not in log


def test_requests_are_not_logged_unless_asked_for(serve):
    site = serve(arguments=())
    town = Town(site)
    ana = town.person("ana")
    assert ana.beat().status == 200
    assert ana.watch(ana).status == 200
    town.close()
    site.stop()
    assert "/presence/" not in site.read_log()
