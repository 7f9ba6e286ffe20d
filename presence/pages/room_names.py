"""Room names: what those who are in a room are called.

Flow: browser -> **room names** -> service.rooms (whom the viewer may see there), names -> JSON.

The API knows people by their ids and tells only the names of one's contacts, since a user name may be more than
somebody wants to show. A site that has this page shows who is in its rooms, so it shows what they are called.
"""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import View

from presence.domain.ids import check_room
from presence.service.errors import NotFound, Unavailable
from presence.service.names import names_of
from presence.wiring import call


class RoomNames(LoginRequiredMixin, View):
    """`GET rooms/names/?room=lobby`: the names of those who are in a room, by id."""

    raise_exception = True  # a script asks: a 403 says more to it than a form to log in

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the names of whom this person sees in the room."""
        viewer, room = str(request.user.pk), request.GET.get("room", "")
        try:
            check_room(room)
            view = call(lambda parts: parts.rooms.view(viewer=viewer, room=room))
        except (ValueError, NotFound):
            raise Http404 from None
        except Unavailable as error:
            return HttpResponse(status=503, headers={"Retry-After": str(error.retry_after)})
        names = names_of(record.user for record in view.users)
        return JsonResponse({"names": names}, headers={"Cache-Control": "no-store"})
