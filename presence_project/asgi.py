"""The ASGI entry: Django for pages and API, the presence consumers beside it.

Flow: server (uvicorn, daphne) -> **application** -> consumers | Django
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "presence_project.settings")
django_application = (
    get_asgi_application()
)  # before any import that needs Django's apps to be loaded

from presence.application import wrap  # noqa: E402 (Django's apps are loaded now)

application = wrap(django_application)
