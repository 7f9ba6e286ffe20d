"""The host's settings: every value that differs between places comes from the environment.

DJANGO_MODE is `production` unless said otherwise, and production starts only with a complete environment.
`development` and `test` fill in what a clone on a laptop lacks; nothing of theirs is reachable in production.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from presence_project.embedded.folder import ServerFolder
from presence_project.logs import configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MODE: str = env.str("DJANGO_MODE", default="production")
if MODE not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"DJANGO_MODE is {MODE!r}; it is development, test or production")
PRODUCTION = MODE == "production"
DEBUG = MODE == "development"

if PRODUCTION:
    missing = [
        name
        for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
        if not os.environ.get(name)
    ]
    if missing:
        lines = [f"{name} is not set, and production needs it" for name in missing]
        raise ImproperlyConfigured(
            "\n".join([*lines, "(DJANGO_MODE=development is for work on the code)"])
        )

# --- Who we are ------------------------------------------------------------------------------------------------

SECRET_KEY: str = env.str(
    "SECRET_KEY", default="for development and tests only, and long enough for HS256 to be content"
)
ALLOWED_HOSTS: list[str] = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"

ROOT_URLCONF = "presence_project.urls"
ASGI_APPLICATION = "presence_project.asgi.application"

# --- What is installed -----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",  # first: it replaces `runserver` with one that speaks ASGI
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "presence",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Postgres --------------------------------------------------------------------------------------------------

EMBEDDED = ServerFolder.of_checkout(BASE_DIR)
# Long enough for any page, short enough that a stuck query cannot hold a pooled connection for a minute.
# 0 leaves a limit to the server, which poolers in transaction mode (pgbouncer) need.
STATEMENT_TIMEOUT_MS: int = env.int("DATABASE_STATEMENT_TIMEOUT_MS", default=15_000)
# Tests create and drop databases, which a pool's open connections would forbid.
POOL_MAX: int = env.int("DATABASE_POOL_MAX", default=0 if MODE == "test" else 10)


def database(url: str) -> dict[str, Any]:
    """One database of Django's DATABASES, from its URL."""
    config = dict(environ.Env.db_url_config(url))
    options: dict[str, Any] = {"connect_timeout": 5, **config.pop("OPTIONS", {})}
    if STATEMENT_TIMEOUT_MS:
        options["options"] = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=5000"
    if POOL_MAX:
        # A request waits 5 s for a connection, then fails, rather than to queue behind a database that is gone.
        options["pool"] = {"min_size": 1, "max_size": POOL_MAX, "timeout": 5}
    return {**config, "OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


DATABASES: dict[str, dict[str, Any]] = {
    "default": database(env.str("DATABASE_URL", default="") or EMBEDDED.postgres_url),
}
if env.str("DATABASE_REPLICA_URL", default=""):
    DATABASES["replica"] = {
        **database(env.str("DATABASE_REPLICA_URL")),
        "TEST": {"MIRROR": "default"},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis -----------------------------------------------------------------------------------------------------

REDIS_URL: str = env.str("REDIS_URL", default="") or EMBEDDED.redis_url
# The layer keeps nothing, so it may live on other hosts than the state: several, separated by commas, share its load.
CHANNEL_REDIS_URLS: list[str] = env.list("CHANNEL_REDIS_URL", default=[]) or [REDIS_URL]
CHANNEL_LAYERS = {
    "default": {
        # The pub/sub layer: the other one drops silently at 100 messages per process, and loses its streams
        # when Redis restarts.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": CHANNEL_REDIS_URLS},
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.str("CACHE_REDIS_URL", default="") or REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
}

# --- The app itself: read, typed and checked by presence.conf --------------------------------------------------

PRESENCE: dict[str, str] = {
    **{
        name.removeprefix("PRESENCE_"): value
        for name, value in os.environ.items()
        if name.startswith("PRESENCE_")
    },
    "REDIS_URL": REDIS_URL,
}

# --- Accounts --------------------------------------------------------------------------------------------------

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
if MODE == "test":
    # The real hasher takes 0.2 s per login on purpose; a suite logs in hundreds of times.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# --- API -------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # The app's own views say for themselves how they authenticate, parse and answer errors.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "presence.api.authentication.BearerAuthentication",
        "presence.api.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "presence.api.errors.problem_handler",
    # Of one user: reads and writes. Of one address: everything, and logins. `lookups` counts people, not requests.
    "DEFAULT_THROTTLE_RATES": {
        "reads": env.str("API_RATE_READS", default="1200/min"),
        "writes": env.str("API_RATE_WRITES", default="240/min"),
        "lookups": env.str("API_RATE_LOOKUPS", default="30000/hour"),
        "claims": env.str("API_RATE_CLAIMS", default="3000/min"),
        "address": env.str("API_RATE_ADDRESS", default="6000/min"),
        "failed_logins": env.str("API_RATE_FAILED_LOGINS", default="10/min"),
    },
    # How many proxies of ours stand in front and put the caller into X-Forwarded-For; 0 trusts no header.
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "USER_ID_FIELD": "pk",
    "USER_ID_CLAIM": "sub",
    "UPDATE_LAST_LOGIN": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Presence",
    "DESCRIPTION": "Who is reachable right now, and when was everybody else last here?",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "Status": "presence.domain.status.Status",
        "Availability": "presence.domain.status.Availability",
        "Activity": "presence.domain.status.Activity",
        "Device": "presence.domain.status.Device",
        "Audience": "presence.domain.visibility.Audience",
        "Precision": "presence.domain.visibility.Precision",
        "Rule": "presence.domain.derivation.Rule",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "presence.api.schema.complete",
    ],
    "TAGS": [
        {"name": "tokens", "description": "Proving who one is"},
        {"name": "presence", "description": "Who is reachable, and who was"},
        {"name": "me", "description": "Oneself: choice, privacy, contacts, sessions"},
        {"name": "live", "description": "Heartbeats and streams, answered outside of the API"},
    ],
}

# --- Static files ----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".local" / "static"))()
SERVESTATIC_USE_FINDERS = not PRODUCTION
SERVESTATIC_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}

# --- Time and language -----------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

# --- Security: right for production behind a proxy that ends TLS ----------------------------------------------

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_HSTS_SECONDS: int = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = env.bool(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=PRODUCTION
)
SECURE_HSTS_PRELOAD: bool = env.bool("SECURE_HSTS_PRELOAD", default=PRODUCTION)
SESSION_COOKIE_SECURE: bool = env.bool("SESSION_COOKIE_SECURE", default=PRODUCTION)
CSRF_COOKIE_SECURE: bool = env.bool("CSRF_COOKIE_SECURE", default=PRODUCTION)
X_FRAME_OPTIONS = "DENY"

# --- Logs ------------------------------------------------------------------------------------------------------

LOGGING = configure_logging(
    json=env.bool("LOG_JSON", default=PRODUCTION),
    level=env.str("LOG_LEVEL", default="WARNING" if MODE == "test" else "INFO"),
)
