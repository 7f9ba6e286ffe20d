"""Consumer schema: the three paths that Channels answers, in OpenAPI's words.

Flow: docs/protocol.md -> **consumer schema** -> schema -> /api/schema/.

They are no views, so nothing can be read out of them: this is written by hand, and the API's tests send what it
says to a real server.
"""

from typing import Any

from presence.api.bodies import ID_PATTERN
from presence.domain.ids import MAX_ROOM_LENGTH, MAX_SESSION_LENGTH
from presence.domain.status import Activity, Device

_TAGS = ["live"]
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"presenceCookie": []}]
_CURSOR = "1k2j3h.1795637700123"
CURSOR_PATTERN = r"^[0-9a-z]{1,32}\.[0-9]{1,15}$"
_SESSION = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_SESSION_LENGTH,
    "pattern": ID_PATTERN,
    "description": "Names one tab, app or device; made by the client, one per page load",
}


_FLAG = {"type": "string", "enum": ["0", "1"], "default": "0"}
_DEVICE = {"type": "string", "enum": list(Device)}


def _problems(*statuses: str) -> dict[str, Any]:
    return {status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _query(name: str, schema: dict[str, Any], about: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": schema, "description": about}


_HEARTBEAT = {
    "type": "object",
    "required": ["session"],
    "additionalProperties": False,
    "properties": {
        "session": _SESSION,
        "activity": {"type": "string", "enum": list(Activity), "default": "active"},
        "device": {
            **_DEVICE,
            "description": "What the session runs on. Left out: as it was, `web` for a new one",
        },
        "rooms": {
            "type": "array",
            "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_ROOM_LENGTH,
                "pattern": ID_PATTERN,
            },
            "maxItems": 20,
            "description": "The rooms that the session is in",
        },
        "since": {
            "type": "string",
            "pattern": CURSOR_PATTERN,
            "description": "A cursor: also answer which of one's contacts changed since",
        },
    },
}
_BEAT = {
    "type": "object",
    "required": ["next_in_ms", "lease_ms", "status", "now", "cursor"],
    "properties": {
        "next_in_ms": {"type": "integer", "description": "When the next heartbeat is due"},
        "lease_ms": {"type": "integer", "description": "How long this one proves life for"},
        "status": {"$ref": "#/components/schemas/Status", "description": "One's own status now"},
        "now": {"type": "string", "format": "date-time"},
        "cursor": {"type": "string", "description": "For the next `since`"},
        "changes": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Record"},
            "description": "With `since`: one's contacts, and oneself, as far as they changed",
        },
        "partial": {
            "type": "boolean",
            "description": "With `since`: false says that `changes` are all there are; forget whom you do not find",
        },
        "alerts": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Told"},
            "description": "With `since`: who came online whom one waited for; each is told once",
        },
        "stale_after_ms": {
            "type": "integer",
            "description": "With `since`: after so long without a newer answer, show dots as not known",
        },
    },
}
_LEAVE = {
    "type": "object",
    "required": ["session"],
    "additionalProperties": False,
    "properties": {
        "session": _SESSION,
        "final": {"type": "boolean", "default": False, "description": "Signed out: no grace"},
        "token": {"type": "string", "description": "For `sendBeacon`, which cannot set headers"},
    },
}

CONSUMER_PATHS: dict[str, Any] = {
    "/presence/heartbeat": {
        "post": {
            "operationId": "heartbeat",
            "summary": "I am here",
            "description": "Renews the session's lease and reports its activity.",
            "tags": _TAGS,
            "security": _SECURITY,
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": _HEARTBEAT,
                        "example": {"session": "tab-1", "activity": "active", "device": "web"},
                    }
                },
            },
            "responses": {
                "200": {
                    "description": "Recorded. The lease holds for `lease_ms`",
                    "content": {
                        "application/json": {
                            "schema": _BEAT,
                            "example": {
                                "next_in_ms": 24_310,
                                "lease_ms": 60_000,
                                "status": "online",
                                "now": "2026-11-22T20:15:00.123Z",
                                "cursor": _CURSOR,
                            },
                        }
                    },
                },
                **_problems("400", "401", "403", "413", "415", "503"),
            },
        }
    },
    "/presence/leave": {
        "post": {
            "operationId": "leave",
            "summary": "I am going",
            "description": "Shortens the session's lease to the leave grace, or ends it (`final`).",
            "tags": _TAGS,
            "security": [*_SECURITY, {}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": _LEAVE, "example": {"session": "tab-1"}},
                    "text/plain": {
                        "schema": {
                            "type": "string",
                            "description": "The same JSON, from `sendBeacon`",
                        },
                        "example": '{"session": "tab-1", "token": "…"}',
                    },
                },
            },
            "responses": {
                "204": {"description": "Noted; also for a session that is not known"},
                **_problems("400", "401", "403", "413", "415", "503"),
            },
        }
    },
    "/presence/stream": {
        "get": {
            "operationId": "stream",
            "summary": "Tell me who comes and goes",
            "description": "Server-Sent Events: `snapshot` (who is how now), `presence` (who changed) and `goodbye`"
            " (reconnect in `retry_ms`). Each event's `id` is a cursor, which resumes with what changed since.",
            "tags": _TAGS,
            "security": [*_SECURITY, {}],
            "parameters": [
                _query("users", {"type": "string"}, "Ids to watch, separated by commas"),
                _query("contacts", _FLAG, "Watch one's contacts"),
                _query("rooms", {"type": "string"}, "Rooms to watch, separated by commas"),
                _query("session", _SESSION, "A session that this stream keeps alive"),
                _query("device", {**_DEVICE, "default": "web"}, "What that session runs on"),
                _query(
                    "ping", _FLAG, "Keep-alives as events, for clients that cannot see comments"
                ),
                _query("cursor", {"type": "string"}, "Resume from there"),
                _query(
                    "token", {"type": "string"}, "A token, where neither header nor cookie can be"
                ),
                {
                    "in": "header",
                    "name": "Last-Event-ID",
                    "schema": {"type": "string"},
                    "description": "Wins over `cursor`; EventSource sends it by itself",
                },
            ],
            "responses": {
                "200": {
                    "description": "The stream. It begins with `retry` and a snapshot",
                    "content": {
                        "text/event-stream": {
                            "schema": {"type": "string"},
                            "example": f"retry: 3000\n\nid: {_CURSOR}\nevent: snapshot\ndata: "
                            '{"now": "2026-11-22T20:15:00.123Z", "users": [], "partial": false}\n\n',
                        }
                    },
                },
                **_problems("400", "401", "403"),
            },
        }
    },
}
