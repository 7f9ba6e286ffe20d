"""Shapes: what the API answers with, for the OpenAPI description.

Flow: service values -> views (plain dictionaries) -> **shapes** say of what form -> /api/schema/.

Nothing is computed here: a record is written by `presence.fanout.wire`, for streams and API alike.
"""
