"""Paths of the API, below wherever the host includes them (`/api/v1/`).

Flow: Django's URLconf -> **urls** -> views.

A user whose id is a word of ours here (`at`, `changes`, `count`, `query`, `ticket`, `token`) or holds a slash
is asked for by `presence/?users=`; a room whose id holds a slash by a stream.
"""

from django.urls import path, re_path

from presence.api.activity import Activity
from presence.api.alerts import MyAlert, MyAlerts
from presence.api.at import StatusesAt
from presence.api.changes import Changes
from presence.api.claims import Claim
from presence.api.contacts import MyBlock, MyBlocks, MyContact, MyContacts
from presence.api.counts import Count
from presence.api.devices import MyDevice, MyDevices
from presence.api.handlers import unknown_path
from presence.api.history import History
from presence.api.login import Login, Renew
from presence.api.me import Me, MyStatus
from presence.api.presence_ticket import IssuePresenceTicket
from presence.api.presence_token import IssuePresenceToken
from presence.api.privacy import MyPrivacy
from presence.api.records import QueryRecords, Record, Records
from presence.api.rooms import Room
from presence.api.sessions import MySession, MySessions, MyWhy

app_name = "presence_api"  # a site has a "login" of its own

urlpatterns = [
    path("token/", Login.as_view(), name="token"),
    path("token/refresh/", Renew.as_view(), name="renew_login"),
    path("presence/", Records.as_view(), name="records"),
    path("presence/query/", QueryRecords.as_view(), name="query_records"),
    path("presence/ticket/", IssuePresenceTicket.as_view(), name="presence_ticket"),
    path("presence/token/", IssuePresenceToken.as_view(), name="presence_token"),
    path("presence/at/", StatusesAt.as_view(), name="statuses_at"),
    path("presence/changes/", Changes.as_view(), name="changes"),
    path("presence/count/", Count.as_view(), name="count_available"),
    path("presence/<str:user>/", Record.as_view(), name="record"),
    path("presence/<str:user>/activity/", Activity.as_view(), name="activity"),
    path("presence/<str:user>/history/", History.as_view(), name="history"),
    path("presence/<str:user>/claim/", Claim.as_view(), name="claim"),
    path("rooms/<str:room>/", Room.as_view(), name="room"),
    path("me/", Me.as_view(), name="me"),
    path("me/status/", MyStatus.as_view(), name="my_status"),
    path("me/privacy/", MyPrivacy.as_view(), name="my_privacy"),
    path("me/contacts/", MyContacts.as_view(), name="my_contacts"),
    path("me/contacts/<str:user>/", MyContact.as_view(), name="my_contact"),
    path("me/blocks/", MyBlocks.as_view(), name="my_blocks"),
    path("me/blocks/<str:user>/", MyBlock.as_view(), name="my_block"),
    path("me/devices/", MyDevices.as_view(), name="my_devices"),
    path("me/devices/<str:device>/", MyDevice.as_view(), name="my_device"),
    path("me/sessions/", MySessions.as_view(), name="my_sessions"),
    path("me/sessions/<str:session>/", MySession.as_view(), name="my_session"),
    path("me/alerts/", MyAlerts.as_view(), name="my_alerts"),
    path("me/alerts/<str:user>/", MyAlert.as_view(), name="my_alert"),
    path("me/why/", MyWhy.as_view(), name="my_why"),
    re_path(r"^.*$", unknown_path),
]
