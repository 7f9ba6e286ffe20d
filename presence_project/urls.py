"""Paths that Django answers; the consumers' paths and the probes are taken before it, in presence.application."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from presence.pages.logout import Logout

urlpatterns = [
    path("", include("presence.pages.urls")),
    path(
        "accounts/login/",
        auth_views.LoginView.as_view(redirect_authenticated_user=True),
        name="login",
    ),
    path("accounts/logout/", Logout.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("presence.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]

handler400 = "presence.api.handlers.bad_request"
handler403 = "presence.api.handlers.permission_denied"
handler404 = "presence.api.handlers.not_found"
handler500 = "presence.api.handlers.server_error"
