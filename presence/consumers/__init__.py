"""The Channels consumers: heartbeat, leave, stream. A surface: HTTP in, use cases, HTTP out.

Flow: ASGI server -> **consumers** -> service.

They own their `__call__`: no channel layer, no dispatch, no ORM, no Django middleware (see docs/adr).
"""
