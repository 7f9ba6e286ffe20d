"""A small ASGI application with the two kinds of response that serving must treat well."""

import asyncio
import os

streams = set()


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if os.environ.get("CRASH_ON") == scope["path"]:
        os._exit(9)
    answer = {"/stream": stream, "/slow": slow, "/beat": beat}.get(scope["path"], hello)
    await answer(scope, receive, send)


async def lifespan(receive, send):
    await receive()
    if os.environ.get("REFUSE_TO_START"):
        await send({"type": "lifespan.startup.failed", "message": "not today"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print("closed", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


async def hello(scope, receive, send):
    body = f"{os.getpid()} {scope['client'][0] if scope['client'] else 'unix'} {scope['scheme']}".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def beat(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    body = b"application " + body
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Shortcut:
    """Answers at once, later, or not at all, as the body asks."""

    path = b"/beat"
    longest = 100

    def admit(self, headers):
        return None if dict(headers).get(b"x-way") == b"ordinary" else "admitted"

    def answer(self, admitted, body, done):
        assert admitted == "admitted"
        if body.startswith(b"no"):
            done(None)
            return
        answer = b"shortcut " + body
        fields = b"content-length: %d\r\n\r\n" % len(answer)
        if body.startswith(b"later"):
            result = None if body.endswith(b"no") else fields + answer
            asyncio.get_running_loop().call_later(0.2, done, result)
        else:
            done(fields + answer)


async def slow(scope, receive, send):
    await asyncio.sleep(0.5)
    await hello(scope, receive, send)


async def stream(scope, receive, send):
    """Write by the transport where there is one, until drained; the response outlives this call."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    extension = scope["extensions"].get("presence.transport") if "extensions" in scope else None
    if extension is None:
        await send({"type": "http.response.body", "body": b"plain", "more_body": False})
        return
    transport = extension.detach()
    extension.on_lost(lambda: transport in streams and print("lost", flush=True))
    transport.write(b"3\r\none\r\n")
    streams.add(transport)


async def drain():
    print("drained", flush=True)
    if os.environ.get("NEVER_DRAINED"):
        return
    while streams:
        transport = streams.pop()
        transport.write(b"3\r\nbye\r\n0\r\n\r\n")
        transport.close()
