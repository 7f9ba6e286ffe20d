"""django-eventstream as its documentation shows it: its view, and send_event, on uvicorn.

`python eventstream_site.py PORT`
"""

import sys

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django_eventstream"],
    MIDDLEWARE=[],
)
django.setup()

import django_eventstream  # noqa: E402
import uvicorn  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402


@csrf_exempt
def publish(request):
    """Send the body to the topic."""
    django_eventstream.send_event("topic", "presence", request.body.decode(), json_encode=False)
    return HttpResponse(status=204)


urlpatterns = [
    path("events", include(django_eventstream.urls), {"channels": ["topic"]}),
    path("pub", publish),
]

if __name__ == "__main__":
    uvicorn.run(
        get_asgi_application(),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        backlog=4096,
    )
