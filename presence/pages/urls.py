"""Paths of the pages, wherever the host includes them.

Flow: Django's URLconf -> **urls** -> home, room names.
"""

from django.urls import path

from presence.pages.home import Home
from presence.pages.room_names import RoomNames

urlpatterns = [
    path("", Home.as_view(), name="presence-home"),
    path("rooms/names/", RoomNames.as_view(), name="presence-room-names"),
]
