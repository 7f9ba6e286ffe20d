"""`manage.py demo_people`: ten people who know each other, and an administrator, for a look around."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError

from presence.models import Contact

PEOPLE = ("ana", "ben", "chloe", "dan", "eve", "finn", "gus", "hana", "ivan", "jo")
ADMINISTRATOR = "admin"
PASSWORD = "presence-demo"  # noqa: S105  (printed on every start, and never created in production)


class Command(BaseCommand):
    """Makes whoever of the demo people is missing; nothing that exists is changed."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the people and their contacts."""
        if getattr(settings, "MODE", "production") == "production":
            raise CommandError("demo people have a known password: they exist in development only")
        users = get_user_model().objects
        # Hashing takes 0.3 s on purpose; once is enough for a password that everybody knows.
        password = make_password(PASSWORD)
        missing = {*PEOPLE, ADMINISTRATOR} - {
            *users.filter(username__in=[*PEOPLE, ADMINISTRATOR]).values_list("username", flat=True)
        }
        for name in [*PEOPLE, ADMINISTRATOR]:
            if name in missing:
                rights = {"is_staff": name == ADMINISTRATOR, "is_superuser": name == ADMINISTRATOR}
                users.create(
                    username=name, first_name=name.capitalize(), password=password, **rights
                )
        ids = [str(pk) for pk in users.filter(username__in=PEOPLE).values_list("pk", flat=True)]
        Contact.objects.bulk_create(
            [
                Contact(owner=owner, other=other, state="accepted")
                for owner in ids
                for other in ids
                if owner != other
            ],
            ignore_conflicts=True,
        )
        self.stdout.write(
            f"{len(PEOPLE)} demo people and {ADMINISTRATOR} are there, all with password {PASSWORD}"
        )
