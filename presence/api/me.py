"""Me: oneself, and what one chose.

Flow: session or Bearer -> **me** -> why (the record), availability -> JSON.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.bodies import Body, Choice, FutureInstant, MessageBody
from presence.api.resource import Resource
from presence.api.shapes.me import MeShape
from presence.domain.instant import Instant, format_instant
from presence.domain.message import Message
from presence.domain.status import Availability
from presence.parts import Parts
from presence.service.names import names_of
from presence.service.why import Explanation
from presence.wiring import call

ME_EXAMPLE = {
    "user": "42",
    "name": "Ana",
    "availability": "busy",
    "until": "2026-11-22T21:00:00.000Z",
    "message": {"text": "Lunch", "emoji": "🍜", "until": None},
    "status": "busy",
}


def view_me(user: str) -> dict[str, Any]:
    """Return what `user` may know of themselves: the status as it is behind any veil."""
    why = explain(user)
    return {
        "user": user,
        "name": names_of([user])[user],
        "availability": why.choice.availability.value,
        "until": shown_instant(why.choice.until),
        "message": shown_message(why.record.message),
        "status": why.derivation.status.value,
    }


def explain(user: str) -> Explanation:
    """Return why `user` has their status."""
    return call(lambda parts: parts.why.explain(user=user))


def shown_instant(at: Instant | None) -> str | None:
    """Return `at` in RFC 3339."""
    return None if at is None else format_instant(at)


def shown_message(message: Message | None) -> dict[str, Any] | None:
    """Return `message` as everywhere on the wire."""
    if message is None:
        return None
    until = shown_instant(message.until)
    return {"text": message.text, "emoji": message.emoji, "until": until}


class Me(Resource):
    """Oneself."""

    @extend_schema(
        operation_id="get_me",
        summary="Who am I here, what did I choose, and how do I look to myself?",
        tags=["me"],
        responses={200: MeShape},
        examples=[OpenApiExample("busy", value=ME_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return oneself."""
        return Response(view_me(self.viewer))


class StatusBody(Body):
    """What one chooses."""

    availability = Choice(Availability, help_text="`auto` leaves it to your sessions")
    until = FutureInstant(
        required=False,
        allow_null=True,
        default=None,
        help_text="When the choice ends and `auto` returns; null or left out: until chosen again",
    )
    message = MessageBody(
        required=False,
        allow_null=True,
        help_text="Null takes the message back; left out, it stays as it is",
    )


class MyStatus(Resource):
    """What one chose."""

    @extend_schema(
        operation_id="choose_status",
        summary="Choose: available, away, busy or invisible; for how long; and a message",
        description="`until` lies in the future and within a year.",
        tags=["me"],
        request=StatusBody,
        responses={200: MeShape},
        examples=[
            OpenApiExample(
                "busy for a while",
                request_only=True,
                value={
                    "availability": "busy",
                    "until": None,
                    "message": {"text": "Lunch", "emoji": "🍜", "until": None},
                },
            ),
            OpenApiExample("busy", value=ME_EXAMPLE, response_only=True),
        ],
    )
    def put(self, request: Request) -> Response:
        """Choose."""
        values, user = StatusBody.said(request), self.viewer

        async def choose(parts: Parts) -> None:
            await parts.availability.choose(
                user=user, availability=values["availability"], until=values["until"]
            )
            if "message" in values:
                message = MessageBody.message(values["message"])
                await parts.availability.write_message(user=user, message=message)

        call(choose)
        return Response(view_me(user))
