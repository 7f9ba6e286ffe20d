"""Contacts and blocks: whom one lists, and whom one wants to see and be seen by no more.

Flow: session or Bearer -> **contacts** -> service.contacts, service.privacy_rules -> rules announced to streams.

Asking somebody to be a contact is answered the same whether they exist, block one, or have not looked yet.
"""

from collections.abc import Iterable

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from presence.api.bodies import Body, UserId
from presence.api.resource import Resource
from presence.api.shapes.others import BlockShape, BlocksShape, ContactShape, ContactsShape
from presence.service.contacts import add_contact, contacts_of, remove_contact
from presence.service.errors import NotFound
from presence.service.privacy_rules import block, blocks_of, unblock
from presence.service.rule_changed import RuleChanged
from presence.wiring import call

ASKED_EXAMPLE = {"user": "43", "name": "43", "state": "requested"}
CONTACTS_EXAMPLE = {"contacts": [{"user": "43", "name": "Ben", "state": "accepted"}]}
BLOCKS_EXAMPLE = {"blocks": [{"user": "44", "name": "Mallory"}]}
OTHER_EXAMPLE = OpenApiExample("somebody", value={"user": "43"}, request_only=True)


class OtherBody(Body):
    """Somebody else."""

    user = UserId()


def announce(changed: RuleChanged) -> None:
    """Have open streams judged anew where `changed` says so, in every process."""
    if changed:
        call(lambda parts: parts.rules.announce(users=sorted(changed.users)))


def other_in(request: Request) -> str:
    """Return the user in the body; raises ValidationError."""
    return str(OtherBody.said(request)["user"])


def shown_contacts(user: str) -> list[dict[str, str]]:
    """Return the contacts of `user` as JSON."""
    return [
        {"user": each.user, "name": each.name, "state": each.state.value}
        for each in contacts_of(user)
    ]


def shown_blocks(user: str) -> list[dict[str, str]]:
    """Return whom `user` blocks as JSON."""
    return [{"user": each.user, "name": each.name} for each in blocks_of(user)]


def _listed(shown: Iterable[dict[str, str]], user: str) -> Response:
    """Answer with the entry of `user`, which is there unless a third party was quicker."""
    entry = next((each for each in shown if each["user"] == user), None)
    if entry is None:
        raise NotFound
    return Response(entry, status=201)


class MyContacts(Resource):
    """One's contacts."""

    @extend_schema(
        operation_id="list_my_contacts",
        summary="Whom do I know, whom did I ask, and who asked me?",
        description="`accepted`: you list each other. `requested`: you asked. `incoming`: they asked you; asking back"
        " accepts. By name.",
        tags=["me"],
        responses={200: ContactsShape},
        examples=[OpenApiExample("one", value=CONTACTS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return one's contacts."""
        return Response({"contacts": shown_contacts(self.viewer)})

    @extend_schema(
        operation_id="add_my_contact",
        summary="Ask somebody to be a contact, or accept who asked",
        description="The answer does not tell whether they exist, or block you.",
        tags=["me"],
        request=OtherBody,
        responses={201: ContactShape},
        examples=[OTHER_EXAMPLE, OpenApiExample("asked", value=ASKED_EXAMPLE, response_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Ask or accept."""
        other = other_in(request)
        announce(add_contact(owner=self.viewer, other=other))
        return _listed(shown_contacts(self.viewer), other)


class MyContact(Resource):
    """One of one's contacts."""

    @extend_schema(
        operation_id="remove_my_contact",
        summary="End a contact, withdraw a request, or decline one",
        tags=["me"],
        responses={204: OpenApiResponse(description="Done")},
    )
    def delete(self, request: Request, user: str) -> Response:
        """Remove."""
        announce(remove_contact(owner=self.viewer, other=user))
        return Response(status=204)


class MyBlocks(Resource):
    """Whom one blocks."""

    @extend_schema(
        operation_id="list_my_blocks",
        summary="Whom do I block?",
        tags=["me"],
        responses={200: BlocksShape},
        examples=[OpenApiExample("one", value=BLOCKS_EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        """Return one's blocks."""
        return Response({"blocks": shown_blocks(self.viewer)})

    @extend_schema(
        operation_id="block_user",
        summary="Block somebody: neither sees the other from now on, open streams included",
        tags=["me"],
        request=OtherBody,
        responses={201: BlockShape},
        examples=[OTHER_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Block."""
        other = other_in(request)
        announce(block(owner=self.viewer, other=other))
        return _listed(shown_blocks(self.viewer), other)


class MyBlock(Resource):
    """One of one's blocks."""

    @extend_schema(
        operation_id="unblock_user",
        summary="Block somebody no more",
        tags=["me"],
        responses={204: OpenApiResponse(description="Done")},
    )
    def delete(self, request: Request, user: str) -> Response:
        """Unblock."""
        announce(unblock(owner=self.viewer, other=user))
        return Response(status=204)
