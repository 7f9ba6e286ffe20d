"""Transitions, in the admin: the history, newest first.

Flow: Transition -> **this list**.
"""

from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString

from presence.admin import show
from presence.admin.reading import ReadingAdmin, person_of
from presence.models import Transition


@admin.register(Transition)
class TransitionAdmin(ReadingAdmin):
    """What others saw change, by person, status and day."""

    list_display = (
        "shown_at",
        "shown_user",
        "shown_before",
        "shown_after",
        "shown_last_seen",
        "shown_devices",
    )
    list_display_links = ("shown_at",)
    list_filter = ("after", "at")
    # As they were written. By `at` each page would sort every month; by `id` it walks the primary keys backwards.
    ordering = ("-id",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50

    @admin.display(description="At")
    def shown_at(self, row: Transition) -> SafeString:
        """Return how long ago."""
        return show.ago(row.at)

    @admin.display(description="User")
    def shown_user(self, row: Transition) -> SafeString:
        """Return the name and the id."""
        return person_of(row, row.user)

    @admin.display(description="Before")
    def shown_before(self, row: Transition) -> SafeString:
        """Return the status before."""
        return show.status_dot(row.before)

    @admin.display(description="After")
    def shown_after(self, row: Transition) -> SafeString:
        """Return the status from then on."""
        return show.status_dot(row.after)

    @admin.display(description="Last seen")
    def shown_last_seen(self, row: Transition) -> SafeString:
        """Return the last proof of life, where the change has one."""
        return show.ago(row.last_seen)

    @admin.display(description="Devices")
    def shown_devices(self, row: Transition) -> SafeString:
        """Return a badge for each."""
        return show.badges(row.devices)
