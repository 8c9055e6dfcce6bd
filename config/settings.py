"""The one settings file: laptop-safe defaults, site values from the environment (docs/operations.md lists them)."""

from pathlib import Path

import environ
from django.urls import reverse_lazy

from config.logs import LINK_PATH  # noqa: F401 - where short links live, known to no log
from config.menu import UNFOLD  # noqa: F401 - a setting of the console

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def given(name: str, default: str = "") -> str:
    """An environment value; one that is set but empty counts as unset."""
    return env.str(name, default="") or default


# --- where it runs -----------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)  # a movable desk clock and a banner on every page; never in production
SECRET_KEY = given("SECRET_KEY", "laptop-only-" + "0" * 40 if DEBUG or DEMO else "")  # Django refuses to start without one
ALLOWED_HOSTS = given("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in given("CSRF_TRUSTED_ORIGINS").split(",") if origin]
BEHIND_TLS = env.bool("BEHIND_TLS", default=False)
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
PROXIES = env.int("PROXIES", default=0)  # of our own, before gunicorn, that add to X-Forwarded-For
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_AGE = 8 * 3600  # one working day
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- what it is made of ------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site is ours: config.site
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "config.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",  # its templates, for forms drawn by ours
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "import_export",
    "config.apps.ConfigConfig",
    "agency",
    "enterprises",
    "subsidies.payout",
    "subsidies.refunds",
    "subsidies.skills",
    "portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "config.console.desk",
                "portal.menu.menu",
            ]
        },
    }
]

# --- data --------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url_config(given("DATABASE_URL", "postgres:///wengang"))}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "agency.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
REDIS_URL = given("REDIS_URL", "redis://localhost:6379/0")
# Keys of the sealed fields: "version:base64 of 32 bytes", newest first, comma separated.
SEAL_KEYS = given("WENGANG_SEAL_KEYS")
FILES_ROOT = Path(given("FILES_ROOT", str(BASE_DIR / "var" / "files")))  # sealed uploads and bank files
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- language and time -------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True

# --- pages -------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(given("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
WHITENOISE_USE_FINDERS = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
    }
}
PUBLIC_URL = given("PUBLIC_URL", "http://127.0.0.1:8000")  # how the outside names the portal; short links begin with it

# --- the law -----------------------------------------------------------------------------------
NOTICE_FOLDERS = [Path(folder) for folder in given("NOTICE_FOLDERS").split(":") if folder]

# --- the outside -------------------------------------------------------------------------------
SMS_GATEWAY_URL = given("SMS_GATEWAY_URL")
SMS_REPORTS = given("SMS_REPORTS", "asked")  # or "pushed": the gateway calls /gateway/sms/ by itself
SMS_PER_SECOND = env.int("SMS_PER_SECOND", default=0)  # of all processes together; 0: as fast as it goes
# The gateway's ids of the texts that belong to no programme: "sign_in_code:T001,...".
SMS_TEMPLATES = dict(pair.split(":", 1) for pair in given("SMS_TEMPLATES").split(",") if ":" in pair)
CREDIT_PLATFORM_URL = given("CREDIT_PLATFORM_URL")
CREDIT_PER_SECOND = env.int("CREDIT_PER_SECOND", default=0)  # requests of all processes together; 0: as fast as it goes
GATEWAY_SECRET = given("WENGANG_GATEWAY_SECRET")
GATEWAY_TIMEOUT_SECONDS = env.float("GATEWAY_TIMEOUT_SECONDS", default=10)

# --- tasks -------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)  # Celery's word for a Unix socket
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_DB_REUSE_MAX = 1000
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page that wakes a sweep gives up at once where the broker is away; workers and beat have their own retries.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
    "socket_connect_timeout": 3,
}

# --- logs --------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": given("LOG_LEVEL", "INFO")},
    "loggers": {"django": {"handlers": [], "propagate": True}},  # no reports of requests by mail
}
