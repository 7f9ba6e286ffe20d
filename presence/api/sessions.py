"""Sessions: one's own tabs, apps and devices; and why one's status is what it is.

Flow: session or Bearer -> **sessions** -> why, leaving -> JSON.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.me import explain, shown_instant
from presence.api.resource import Resource
from presence.api.shapes.me import SessionsShape, WhyShape
from presence.api.shapes.shape import NOW
from presence.domain.instant import format_instant
from presence.service.errors import NotFound
from presence.service.why import SessionView
from presence.wiring import call

SESSION_EXAMPLE = {
    "session": "tab-1",
    "device": "web",
    "activity": "active",
    "since": "2026-11-22T20:01:00.000Z",
    "last_beat": NOW,
    "last_active": NOW,
    "lease_left_ms": 48_200,
    "idle": False,
    "leaving": False,
    "streaming": True,
    "rooms": [],
}


def shown_session(session: SessionView) -> dict[str, Any]:
    """Return one session as JSON."""
    return {
        "session": session.id,
        "device": session.device.value,
        "activity": session.activity.value,
        "since": format_instant(session.since),
        "last_beat": format_instant(session.last_beat_at),
        "last_active": format_instant(session.last_active_at),
        "lease_left_ms": session.lease_left_ms,
        "idle": session.is_idle,
        "leaving": session.is_leaving,
        "streaming": session.has_stream,
        "rooms": list(session.rooms),
    }


class MySessions(Resource):
    """One's own sessions."""

    @extend_schema(
        operation_id="list_my_sessions",
        summary="Where am I logged in and here?",
        tags=["me"],
        responses={200: SessionsShape},
        examples=[
            OpenApiExample("one tab", value={"sessions": [SESSION_EXAMPLE]}, response_only=True)
        ],
    )
    def get(self, request: Request) -> Response:
        """Return one's sessions."""
        sessions = explain(self.viewer).sessions
        return Response({"sessions": [shown_session(each) for each in sessions]})


class MySession(Resource):
    """One of one's own sessions."""

    @extend_schema(
        operation_id="end_my_session",
        summary="End one of my sessions, at once and without a grace",
        description="A session that still beats comes back with its next heartbeat: this is for devices that are"
        " gone, not a way to log somebody out.",
        tags=["me"],
        responses={204: None},
    )
    def delete(self, request: Request, session: str) -> Response:
        """End the session."""
        user = self.viewer
        if session not in {each.id for each in explain(user).sessions}:
            raise NotFound
        call(lambda parts: parts.leaving.leave(user=user, session=session, final=True))
        return Response(status=204)


class MyWhy(Resource):
    """The derivation of one's status."""

    @extend_schema(
        operation_id="explain_my_status",
        summary="Why am I shown as I am?",
        description="Precedence, first match wins: no session; your choice; the strongest claim of an application;"
        " the most available session.",
        tags=["me"],
        responses={200: WhyShape},
        examples=[
            OpenApiExample(
                "an active tab",
                response_only=True,
                value={
                    "user": "42",
                    "status": "online",
                    "shown": "online",
                    "rule": "active_session",
                    "by": "tab-1",
                    "availability": "auto",
                    "until": None,
                    "sessions": [SESSION_EXAMPLE],
                    "claims": [],
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return the derivation."""
        why = explain(self.viewer)
        return Response(
            {
                "user": why.user,
                "status": why.derivation.status.value,
                "shown": why.record.face.status.value,
                "rule": why.derivation.rule.value,
                "by": why.derivation.by,
                "availability": why.choice.availability.value,
                "until": shown_instant(why.choice.until),
                "sessions": [shown_session(each) for each in why.sessions],
                "claims": [
                    {
                        "app": claim.app,
                        "status": claim.status.value,
                        "label": claim.label,
                        "priority": claim.priority,
                        "until": format_instant(claim.until),
                    }
                    for claim in why.claims
                ],
            }
        )
