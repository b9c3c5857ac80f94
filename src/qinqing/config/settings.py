"""Settings: one file; what differs between installations comes from the environment (docs/guides/settings.md).

QINQING_MODE        production (default), demo or test; only demo and test may move the clock
QINQING_HOME        folder of this installation's data: database, blobs, keys (default: ./var)
QINQING_DATABASE    a SQLite file or postgresql://user:password@host:port/name (default: HOME/qinqing.sqlite3)
QINQING_COUNTY      folder with the county's units, calendar and overrides (default: counties/demo)
QINQING_HOSTS       host names this installation answers to, separated by commas
QINQING_SMS_URL     production: where phone codes are posted as signed JSON (qinqing.accounts.sms)
QINQING_SMS_KEY     the key of that signature
QINQING_REGISTER    address of the property register (clearing mortgages); empty: the embedded one, for demo and tests
QINQING_REGISTER_TOKEN  the bearer token that it asks for
QINQING_HTTPS       1 when the proxy in front speaks HTTPS (secure cookies, HSTS)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from qinqing.lib import wallclock

ROOT = Path(__file__).resolve().parents[3]
MODE = os.environ.get("QINQING_MODE", "production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"QINQING_MODE is {MODE!r}; write production, demo or test")
HOME = Path(os.environ.get("QINQING_HOME", ROOT / "var")).absolute()
HOME.mkdir(parents=True, exist_ok=True)
COUNTY = Path(os.environ.get("QINQING_COUNTY", ROOT / "counties" / "demo")).absolute()

CLOCK_FILE = HOME / "clock-offset"
if MODE != "production":
    wallclock.allow_moving(CLOCK_FILE)
elif CLOCK_FILE.exists():
    raise ImproperlyConfigured(f"{CLOCK_FILE} would move the clock, which production refuses; remove it")


def _secret_key() -> str:
    """Made once per installation, readable by its owner only."""
    path = HOME / "secret-key"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key


def _database(target: str) -> dict[str, object]:
    """Settings of SQLite (WAL, IMMEDIATE: DEFERRED gave lock errors under concurrent writes) or PostgreSQL."""
    if not target.startswith(("postgresql://", "postgres://")):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": target,
            "CONN_MAX_AGE": 0 if MODE == "test" else 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;",
            },
            "TEST": {"NAME": f"{target}.test"},
        }
    url = urlsplit(target)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": url.port or "",
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = [h for h in os.environ.get("QINQING_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",") if h]
DATABASES = {"default": _database(os.environ.get("QINQING_DATABASE", str(HOME / "qinqing.sqlite3")))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
USE_I18N = False  # labels carry both languages themselves

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "ninja",
    "qinqing.audit",
    "qinqing.ui",
    "qinqing.accounts",
    "qinqing.messaging",
    "qinqing.directory",
    "qinqing.ledger",
    "qinqing.cases",
    "qinqing.appeals",
    "qinqing.cards",
    "qinqing.policies",
    "qinqing.mortgages",
    "qinqing.supervision",
    "qinqing.evaluation",
    "qinqing.insight",
    "qinqing.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "qinqing.ui.middleware.ReaderMiddleware",
    "qinqing.accounts.middleware.AccessMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying again does not make the wait longer than the page says
AXES_LOCKOUT_CALLABLE = "qinqing.accounts.web.locked_out"
AXES_VERBOSE = False
SMS_SENDER = f"qinqing.accounts.sms.{'to_webhook' if MODE == 'production' else 'to_console'}"
SMS_WEBHOOK = os.environ.get("QINQING_SMS_URL", "")
SMS_KEY = os.environ.get("QINQING_SMS_KEY", "")
MORTGAGE_REGISTER = os.environ.get("QINQING_REGISTER", "")  # its address; empty: the embedded one, which says so
MORTGAGE_REGISTER_TOKEN = os.environ.get("QINQING_REGISTER_TOKEN", "")
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if MODE == "test"
    else ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CSRF_FAILURE_VIEW = "qinqing.ui.errors.csrf_failure"
LOGIN_URL = "/sign-in/"
PERMISSIONS_TABLE = Path(__file__).with_name("permissions.yaml")

ROOT_URLCONF = "qinqing.config.urls"
WSGI_APPLICATION = "qinqing.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "qinqing.ui.context.page",
            ],
            "builtins": ["qinqing.ui.templatetags.qinqing"],
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
BLOBS = HOME / "blobs"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "qinqing.ui.uploads.Cut",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

_https = os.environ.get("QINQING_HTTPS") == "1"
SECURE_SSL_REDIRECT = False  # the proxy in front redirects
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 10 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W004", "security.W012", "security.W016"]
