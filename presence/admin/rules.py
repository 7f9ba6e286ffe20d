"""Contacts, blocks, privacy and standings, in the admin: who sees whom, and what users chose.

Flow: Contact, Block, PrivacyRule, Standing -> **these lists**.
"""

from typing import ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from presence.admin import show
from presence.admin.reading import ReadingAdmin, person_of
from presence.models import Block, Contact, PrivacyRule, Standing


class PairAdmin(ReadingAdmin):
    """Lists what is between two users; a search finds either."""

    people: ClassVar[tuple[str, ...]] = ("owner", "other")
    ordering = ("-id",)
    sortable_by: ClassVar[tuple[str, ...]] = ()

    @admin.display(description="Owner")
    def shown_owner(self, row: Contact | Block) -> SafeString:
        """Return whose row it is."""
        return person_of(row, row.owner)

    @admin.display(description="Other")
    def shown_other(self, row: Contact | Block) -> SafeString:
        """Return whom it is about."""
        return person_of(row, row.other)

    @admin.display(description="Made")
    def shown_created_at(self, row: Contact | Block) -> SafeString:
        """Return how long ago the row was made."""
        return show.ago(row.created_at)


@admin.register(Contact)
class ContactAdmin(PairAdmin):
    """Who lists whom, and who asked."""

    list_display = ("shown_owner", "shown_other", "state", "shown_created_at")
    list_filter = ("state",)


@admin.register(Block)
class BlockAdmin(PairAdmin):
    """Who blocks whom."""

    list_display = ("shown_owner", "shown_other", "shown_created_at")


class OwnAdmin(ReadingAdmin):
    """Lists what users chose for themselves."""

    ordering = ("user",)
    sortable_by: ClassVar[tuple[str, ...]] = ()

    @admin.display(description="User")
    def shown_user(self, row: PrivacyRule | Standing) -> SafeString:
        """Return the name and the id."""
        return person_of(row, row.user)


@admin.register(PrivacyRule)
class PrivacyRuleAdmin(OwnAdmin):
    """What users let others see; who is missing has the site's default."""

    list_display = ("shown_user", "status", "last_seen", "precision")
    list_filter = ("status", "last_seen", "precision")


@admin.register(Standing)
class StandingAdmin(OwnAdmin):
    """What users chose and wrote."""

    list_display = ("shown_user", "availability", "until", "shown_message", "message_until")
    list_filter = ("availability",)

    @admin.display(description="Message")
    def shown_message(self, row: Standing) -> SafeString:
        """Return emoji and text."""
        return format_html("{} {}", row.message_emoji, row.message_text)
