"""The host: settings, ASGI entry and embedded servers around the `presence` app."""
