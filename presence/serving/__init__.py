"""Serving: uvicorn as this service needs it. It knows ASGI and sockets, and nothing of presence.

Flow: manage.py serve -> listening -> supervisor -> **serving** (one server per process) -> application.
"""
