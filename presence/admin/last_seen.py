"""Last seen, in the admin: who is online now, and a page for each person that says why.

Flow: LastSeen (written about a second after a change) -> **this list**; live store -> why.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from presence.admin import show
from presence.admin.explanation import explanation_of
from presence.admin.reading import ReadingAdmin, person_of
from presence.domain.ids import check_user
from presence.domain.instant import to_datetime
from presence.domain.status import Status
from presence.history.queries import newest_change_at
from presence.models import LastSeen, Transition
from presence.service.contacts import contacts_of
from presence.service.names import names_of
from presence.service.privacy_rules import blocks_of, privacy_of

EXPLAIN = "presence.explain_lastseen"
_LATEST = 25


class StatusFilter(admin.SimpleListFilter):
    """Who is reachable now, or has one status."""

    title = "status"
    parameter_name = "status"

    def lookups(
        self,
        request: HttpRequest,
        model_admin: Any,
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        each = [(status.value, status.value.capitalize()) for status in Status]
        return [("reachable", "Reachable now"), *each]

    def queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[LastSeen],
    ) -> QuerySet[LastSeen]:
        """Return the rows that match."""
        match self.value():
            case None:
                return queryset
            case "reachable":
                return queryset.exclude(status=Status.OFFLINE.value)
            case status:
                return queryset.filter(status=status)


@admin.register(LastSeen)
class LastSeenAdmin(ReadingAdmin):
    """Who is online now, newest change first, and who was when."""

    list_display = (
        "shown_user",
        "shown_status",
        "shown_last_seen",
        "shown_since",
        "shown_devices",
        "shown_message",
    )
    list_display_links = ("shown_user",)
    list_filter = (StatusFilter,)
    # Sorts the table, which has no index on instants: 0.2 s for a million users, and every update stays cheap.
    ordering = ("-updated_at",)
    sortable_by: ClassVar[tuple[str, ...]] = ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and how fresh it is."""
        newest = newest_change_at()
        fresh = {
            "title": "Who is online, and who was when",
            "newest_change": show.ago(None if newest is None else to_datetime(newest)),
        }
        return super().changelist_view(request, {**(extra_context or {}), **fresh})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one person: stored presence, the latest changes, and why, to those who may know.

        Also for who was never here, since that may be the question.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            user = check_user(unquote(object_id))
        except ValueError:
            raise Http404 from None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": names_of([user])[user],
            "user_id": user,
            **_stored(user),
            **_rules(request, user),
            **(extra_context or {}),
        }
        if request.user.has_perm(EXPLAIN):
            context["why"] = explanation_of(user)
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/presence/lastseen/person.html", context)

    @admin.display(description="User")
    def shown_user(self, row: LastSeen) -> SafeString:
        """Return the name and the id."""
        return person_of(row, row.user)

    @admin.display(description="Status")
    def shown_status(self, row: LastSeen) -> SafeString:
        """Return the dot and the word."""
        return show.status_dot(row.status)

    @admin.display(description="Last seen")
    def shown_last_seen(self, row: LastSeen) -> SafeString:
        """Return how long ago; `now` while the user is reachable."""
        if row.status != Status.OFFLINE:
            return SafeString("now")
        return show.ago(row.last_seen)

    @admin.display(description="Since")
    def shown_since(self, row: LastSeen) -> SafeString:
        """Return since when the status holds."""
        return show.ago(row.since)

    @admin.display(description="Devices")
    def shown_devices(self, row: LastSeen) -> SafeString:
        """Return a badge for each."""
        return show.badges(row.devices)

    @admin.display(description="Message")
    def shown_message(self, row: LastSeen) -> SafeString:
        """Return the message, unless it is over."""
        if row.message_until is not None and row.message_until <= timezone.now():
            return show.EMPTY
        return format_html("{} {}", row.message_emoji, row.message_text)


def _stored(user: str) -> dict[str, object]:
    row = LastSeen.objects.filter(user=user).first()
    latest = Transition.objects.filter(user=user).order_by("-at", "-id")[:_LATEST]
    return {
        "stored": row,
        "status": show.status_dot(row.status if row else Status.OFFLINE.value),
        "last_seen": show.ago(row.last_seen if row else None),
        "since": show.ago(row.since if row else None),
        "devices": show.badges(row.devices if row else ()),
        "latest": [
            {
                "at": each.at,
                "ago": show.ago(each.at),
                "before": show.status_dot(each.before),
                "after": show.status_dot(each.after),
                "devices": show.badges(each.devices),
            }
            for each in latest
        ],
    }


def _rules(request: HttpRequest, user: str) -> dict[str, object]:
    """Return who sees the person, as far as the operator may read those tables."""
    rules: dict[str, object] = {}
    allowed = request.user.has_perm
    if allowed("presence.view_privacyrule"):
        rules["privacy"] = privacy_of(user)
    if allowed("presence.view_contact"):
        rules["contacts"] = contacts_of(user)
    if allowed("presence.view_block"):
        rules["blocks"] = blocks_of(user)
    return rules
