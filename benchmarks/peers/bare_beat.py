"""A bare ASGI application that reads a body and answers 204: the floor for a heartbeat on uvicorn.

`python -m benchmarks.peers.bare_beat PORT`
"""

import sys

from presence.serving.listening import listen_on_port
from presence.serving.server import Serving


async def application(scope, receive, send):
    """Answer 204 to everything."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def drain():
    """Nothing to end."""


if __name__ == "__main__":
    serving = Serving(
        application="benchmarks.peers.bare_beat:application", drain=drain, patience=1.0
    )
    sys.exit(serving.run(listen_on_port(host="127.0.0.1", port=int(sys.argv[1]))))
