"""The ASGI entry: the site, with presence beside it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
django = get_asgi_application()

from presence.application import wrap  # noqa: E402  after Django's apps are loaded

application = wrap(django)
