"""Paths that Django answers; the consumers' paths and the probes are taken before it, in presence.wiring."""

from importlib.util import find_spec

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView


def _part(prefix, module):  # gone once the parts are there
    found = find_spec(module.rsplit(".", 1)[0]) and find_spec(module)
    return [path(prefix, include(module))] if found else []


urlpatterns = [
    *_part("", "presence.pages.urls"),
    path(
        "accounts/login/",
        auth_views.LoginView.as_view(redirect_authenticated_user=True),
        name="login",
    ),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    *_part("api/v1/", "presence.api.urls"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]

handler400 = "presence.api.handlers.bad_request"
handler403 = "presence.api.handlers.permission_denied"
handler404 = "presence.api.handlers.not_found"
handler500 = "presence.api.handlers.server_error"
