"""sse-starlette as its documentation shows it: a generator over a queue for each client.

`python starlette_sse.py PORT`
"""

import asyncio
import sys

import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

queues = set()


async def publish(request):
    """Hand the body to every stream."""
    body = (await request.body()).decode()
    for queue in queues:
        queue.put_nowait({"event": "presence", "data": body})
    return Response(status_code=204)


async def events(request):
    """Stream."""

    async def generate():
        queue = asyncio.Queue()
        queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    return EventSourceResponse(generate())


application = Starlette(routes=[Route("/pub", publish, methods=["POST"]), Route("/events", events)])
uvicorn.run(
    application,
    port=int(sys.argv[1]),
    loop="uvloop",
    http="httptools",
    access_log=False,
    log_level="warning",
    backlog=4096,
)
