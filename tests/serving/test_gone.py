"""A client that is gone before its answer: nobody's mistake, and known by what uvloop says of it."""

import asyncio
import socket

import pytest
import uvloop

from presence.consumers.exchange import ClientGoneError, Exchange

SCOPE = {"type": "http", "headers": [], "query_string": b""}


async def lost_socket():
    """Return a transport whose socket closed a moment ago."""
    ours, theirs = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    theirs.close()
    transport.abort()
    await asyncio.sleep(0)
    return transport


@pytest.mark.parametrize("error", [None, ConnectionResetError("gone")])
def test_an_answer_to_nobody_ends_the_request(error):
    async def answer():
        transport = await lost_socket()

        async def send(_message):
            if error is not None:
                raise error
            transport.write(b"...")

        exchange = Exchange(SCOPE, None, send)
        with pytest.raises(ClientGoneError):
            await exchange.answer_empty()
        assert exchange.is_closed, "nothing more is sent"

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(answer())


async def test_any_other_error_of_a_server_is_one():
    async def send(_message):
        raise RuntimeError("Expected ASGI message 'http.response.start'")

    with pytest.raises(RuntimeError, match="Expected"):
        await Exchange(SCOPE, None, send).answer_empty()
