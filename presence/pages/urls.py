"""Paths of the pages, wherever the host includes them.

Flow: Django's URLconf -> **urls** -> home.
"""

from django.urls import path

from presence.pages.home import Home

urlpatterns = [path("", Home.as_view(), name="presence-home")]
