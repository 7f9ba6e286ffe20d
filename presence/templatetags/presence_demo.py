"""The demo people, for the login page of a development server.

Flow: login template -> **tag** -> the names that `manage.py demo_people` makes.
"""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def demo_people() -> dict[str, object] | None:
    """Return the people and their common password; None unless this is a development server."""
    if not settings.DEBUG:
        return None
    from presence.management.commands.demo_people import PASSWORD, PEOPLE

    return {"people": PEOPLE, "password": PASSWORD}
