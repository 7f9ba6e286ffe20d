"""A bare uvloop server: one transport.write for each stream. The floor for an event loop in Python.

`python uvloop_writer.py PORT`
"""

import asyncio
import sys

import uvloop

streams = set()


class Connection(asyncio.Protocol):
    """One connection: a stream, or the publisher's."""

    def connection_made(self, transport):
        """Keep the transport."""
        self.transport = transport

    def connection_lost(self, error):
        """Forget the stream."""
        streams.discard(self.transport)

    def data_received(self, data):
        """Begin a stream, or hand what is published to all of them."""
        if not data.startswith(b"POST"):
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n"
            )
            streams.add(self.transport)
            return
        event = b"event: presence\ndata: %s\n\n" % data.partition(b"\r\n\r\n")[2]
        chunk = b"%x\r\n%s\r\n" % (len(event), event)
        for stream in streams:
            stream.write(chunk)
        self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def main():
    """Serve until ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


uvloop.run(main())
