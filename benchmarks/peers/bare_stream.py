"""Bare ASGI with a queue for each client, on uvicorn: what one writes without a framework.

`python bare_stream.py PORT`
"""

import asyncio
import sys

import uvicorn

queues = set()


async def application(scope, receive, send):
    """Publish at /pub, stream elsewhere."""
    if scope["path"] == "/pub":
        body = (await receive())["body"]
        event = b"event: presence\ndata: %s\n\n" % body
        for queue in queues:
            queue.put_nowait(event)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        return
    queue = asyncio.Queue()
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
    queues.add(queue)
    try:
        while True:
            await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
    finally:
        queues.discard(queue)


uvicorn.run(
    application,
    port=int(sys.argv[1]),
    loop="uvloop",
    http="httptools",
    lifespan="off",
    access_log=False,
    log_level="warning",
    backlog=4096,
)
