"""Tags that put presence into any page of a Django site: the script, and a dot beside a name.

Flow: template -> **tags** -> `presence-config` and elements -> presence.js in the browser.

    {% load presence %}
    <head> ... {% presence_script %}</head>
    <p>Ana {% presence_dot ana %}</p>

Both write markup only, so they work under a strict Content-Security-Policy: the configuration is a JSON
block, which is data and not a script.
"""

from typing import Any

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.context import RequestContext
from django.templatetags.static import static
from django.urls import get_script_prefix
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString

from presence.conf import settings
from presence.service.tokens import InvalidTokenError, verify

register = template.Library()

COOKIE = "presence_token"
CONFIG_ID = "presence-config"


@register.simple_tag(takes_context=True)
def presence_script(context: RequestContext, base: str = "", api: str = "") -> SafeString:
    """Load presence.js and the elements for whoever is logged in; nothing for an anonymous visitor.

    `base` and `api` say where the consumers and the API are, if not at /presence and /api/v1.
    """
    request: HttpRequest | None = context.get("request")
    if request is None or not request.user.is_authenticated:
        return SafeString("")
    user = str(request.user.pk)
    prefix = get_script_prefix()
    rules = settings()
    config: dict[str, Any] = {
        "me": user,
        "base": base or f"{prefix}presence",
        "api": api or f"{prefix}api/v1",
        "csrf": get_token(request),
        "renew": not _is_token_of(request.COOKIES.get(COOKIE, ""), user),
        "idleAfter": round(rules.idle_after.total_seconds() * 1000),
        "keepAlive": round(rules.keepalive_interval.total_seconds() * 1000),
    }
    return format_html(
        '{}\n<link rel="modulepreload" href="{}">\n<script type="module" src="{}"></script>',
        json_script(config, CONFIG_ID),
        static("presence/presence.js"),
        static("presence/elements.js"),
    )


@register.simple_tag
def presence_dot(user: object, name: str = "", *, text: bool = False) -> SafeString:
    """Show the status of a user (an object with a pk, or an id); `text=True` says it in words too."""
    named = name or (user.get_username() if hasattr(user, "get_username") else "")
    return format_html(
        '<presence-dot user="{}" name="{}"{}></presence-dot>',
        getattr(user, "pk", user),
        named,
        SafeString(" text") if text else "",
    )


def _is_token_of(cookie: str, user: str) -> bool:
    """Whether the browser's cookie is good, and of this user: after a change of login it is the other's."""
    try:
        return bool(cookie) and verify(cookie).user == user
    except InvalidTokenError:
        return False
