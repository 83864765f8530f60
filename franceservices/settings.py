"""The one settings file; everything that differs between machines comes from the environment.

`SECRET_KEY` and `DATABASE_URL` have no default: a server that lacks them refuses to start. All other defaults are
those of a production server behind a TLS proxy. The variables are described in `docs/exploitation.md`.
"""

import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- what must be said ------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DATABASES = {"default": env.db("DATABASE_URL")}
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY est vide : donnez une longue suite de caractères au hasard.")
if DATABASES["default"].get("ENGINE") != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL ne désigne pas un PostgreSQL (postgres://utilisateur:mot@hôte:port/base).")
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# How near a word must be to be proposed when nobody is found exactly: pg_trgm's own 0.6 misses one wrong letter in a
# name of five (« Leyla » for « Leïla » is at 0.33). An `options` in DATABASE_URL replaces this one.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c pg_trgm.word_similarity_threshold=0.3")
# What PostgreSQL and the audit call this process when no request says more: « franceservices: backup ».
_PROGRAM = Path(sys.argv[0]).name
DATABASES["default"]["OPTIONS"].setdefault(
    "application_name", f"franceservices: {sys.argv[1] if _PROGRAM == 'manage.py' and sys.argv[1:] else _PROGRAM}"
)
# Queries that say so (franceservices/composed_queries.py) are planned once a connection, from their sixth run on.
if env.bool("PREPARED_STATEMENTS", default=True):
    DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 5)

# --- what may be said -------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=not DEBUG)
TRUST_PROXY_TLS_HEADER = env.bool("TRUST_PROXY_TLS_HEADER", default=False)
# How far ahead dated permanences are generated from the weekly grids, in days.
PERMANENCE_HORIZON_DAYS = env.int("PERMANENCE_HORIZON_DAYS", default=120)
# How far ahead free times are searched when somebody books, in days; never beyond the permanences' horizon.
BOOKING_HORIZON_DAYS = env.int("BOOKING_HORIZON_DAYS", default=60)

# What the floors above `conventions` do when a weekly grid changes (see conventions/grid.py).
GRID_LISTENERS = ["bookings.generation.regenerate_convention"]

# The models of the floors above `bookings` that have a `visitor`: their rows follow a card that is merged.
VISITOR_MODELS = ["casefiles.CaseFile", "casefiles.RightsAlert"]

# What each floor holds of the people received: how it is told and emptied, what keeps it (see bookings/personal_data/).
PERSONAL_DATA_HOLDERS = [
    "bookings.personal_data.desk.HOLDER",
    "casefiles.personal_data.HOLDER",
    "reports.personal_data.HOLDER",
]

# The pages that show one person's file: each opening is a line of the audit (see partners/audit/readings.py).
PERSONAL_PAGES = {
    "bookings:visitor_detail": ("bookings.visitor", "pk"),
    "bookings:visitor_update": ("bookings.visitor", "pk"),
    "bookings:visitor_merge_choice": ("bookings.visitor", "pk"),
    "bookings:person_export": ("bookings.visitor", "pk"),
    "bookings:person_export_document": ("bookings.visitor", "pk"),
    "bookings:data_request_create": ("bookings.visitor", "pk"),
    "bookings:data_request": ("bookings.datarequest", "pk"),
    "bookings:appointment_detail": ("bookings.appointment", "pk"),
    "bookings:appointment_slip": ("bookings.appointment", "pk"),
    "casefiles:visitor_files": ("bookings.visitor", "visitor_pk"),
    "casefiles:file_detail": ("casefiles.casefile", "pk"),
    "casefiles:line_detail": ("casefiles.slipline", "pk"),
    "casefiles:slip_detail": ("casefiles.transmissionslip", "pk"),
    "casefiles:slip_document": ("casefiles.transmissionslip", "pk"),
    "casefiles:alert_detail": ("casefiles.rightsalert", "pk"),
    # Many at once: no number.
    "casefiles:file_export": ("casefiles.casefile", ""),
}

# What else belongs to the demonstration, in this order, once its accounts and appointments are there (see `load_demo`).
DEMO_LOADERS = [
    "conventions.demo_duties.make_duties",
    "conventions.demo_money.make_money",
    "casefiles.demo_files.make_demo_files",
    "reports.demo_reports.make_reports",
    "bookings.personal_data.demo.make_personal_data",
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    # For the dates of the pages where one's keys are listed.
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "procrastinate.contrib.django",
    "franceservices",
    "partners",
    "conventions",
    "bookings",
    "casefiles",
    "reports",
]

MIDDLEWARE = [
    "franceservices.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Above what may refuse a request: the page of a refusal is closed in like the others.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Says to the database who writes, from which page and in which request.
    "partners.audit.middleware.AuditMiddleware",
    # Every page asks for an account unless its view says otherwise (sign-in, error pages, declaration).
    "partners.session_guards.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "partners.session_guards.IdleSessionMiddleware",
    "partners.closed_sessions.ClosedSessionMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "partners.session_guards.SecondFactorMiddleware",
    "partners.middleware.CurrentSiteMiddleware",
]

ROOT_URLCONF = "franceservices.urls"
WSGI_APPLICATION = "franceservices.wsgi.application"
FORM_RENDERER = "franceservices.forms.HouseRenderer"
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
                "franceservices.context.space",
                "bookings.context.worklist",
                "casefiles.context.worklist",
            ],
        },
    },
]

# --- people -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "partners.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "partners.passwords.LengthAndClassesValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Accounts are made beforehand by administrators: an e-mail address and a password, and no other way in.
ACCOUNT_ADAPTER = "partners.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Nothing tells a stranger which addresses have an account, not even a message to them.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# Five wrong passwords on one address close it for five minutes, whoever types; an office of fifty shares one IP.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "60/m/ip,5/5m/key", "reset_password": "20/m/ip,5/h/key"}
# Proxies of our own that write X-Forwarded-For: without them that header is a stranger's word.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "add_webauthn": "partners.sign_in_forms.AddKeyForm",
    "edit_webauthn": "partners.sign_in_forms.RenameKeyForm",
}
MFA_TOTP_ISSUER = "Espace France Services"
MFA_ADAPTER = "partners.account_adapter.SecondFactorAdapter"
# Who may do nothing before a second factor is set up.
SECOND_FACTOR_ROLES = env.list("SECOND_FACTOR_ROLES", default=["manager", "administrator"])
# How long the link of an invitation opens the page where the first password is chosen.
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
# ProConnect: without an issuer, nobody is offered it. The levels of assurance are those that its documentation lists;
# what is not in the first list opens nothing, what is in the second was given for two factors.
PROCONNECT_ISSUER = env.str("PROCONNECT_ISSUER", default="")
PROCONNECT_CLIENT_ID = env.str("PROCONNECT_CLIENT_ID", default="")
PROCONNECT_CLIENT_SECRET = env.str("PROCONNECT_CLIENT_SECRET", default="")
PROCONNECT_ACCEPTED_ACR = env.list("PROCONNECT_ACCEPTED_ACR", default=["eidas1", "eidas1-mfa", "eidas2", "eidas3"])
PROCONNECT_TWO_FACTOR_ACR = env.list(
    "PROCONNECT_TWO_FACTOR_ACR", default=["eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3"]
)
PROCONNECT_TIMEOUT = env.float("PROCONNECT_TIMEOUT", default=5.0)
if PROCONNECT_ISSUER and not (
    PROCONNECT_ISSUER.startswith("https://" if not DEBUG else "http")
    and PROCONNECT_CLIENT_ID
    and PROCONNECT_CLIENT_SECRET
    and PROCONNECT_ACCEPTED_ACR
):
    raise ImproperlyConfigured(
        "PROCONNECT_ISSUER (en https) demande PROCONNECT_CLIENT_ID, PROCONNECT_CLIENT_SECRET et"
        " PROCONNECT_ACCEPTED_ACR."
    )
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=3600)
# Counts of failed sign-ins are shared by all processes; nothing else is cached.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "franceservices_cache"},
}

# --- language and time ------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
USE_I18N = True
# Moments are stored in UTC and shown in the zone of their site (the admin: of the space one works in); this zone serves
# whoever has no site.
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# --- files ------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "staticfiles").root
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where pg_dump and pg_restore are, for `manage.py backup`, when those of the PATH are older than the server.
PG_BIN = env.str("PG_BIN", default="")
# Uploaded documents: private, never under a folder that a web server hands out. In production, name it.
DOCUMENTS_ROOT = env.path("DOCUMENTS_ROOT", default=BASE_DIR / ".documents").root
# Where the eliminations that were carried out are written down, to be done again after a restoration: never restored
# with a backup, so never within the documents.
ELIMINATIONS_ROOT = env.path("ELIMINATIONS_ROOT", default=BASE_DIR / ".eliminations").root
# The largest file that may be uploaded, in bytes; the web server in front must let as much through.
DOCUMENTS_MAX_BYTES = env.int("DOCUMENTS_MAX_BYTES", default=20 * 1024 * 1024)
FILE_UPLOAD_HANDLERS = [
    "franceservices.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DOCUMENTS_ROOT,
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": env.str(
            "STATICFILES_STORAGE",
            default=(
                "django.contrib.staticfiles.storage.StaticFilesStorage"
                if DEBUG
                else "whitenoise.storage.CompressedManifestStaticFilesStorage"
            ),
        )
    },
}

# --- safety -----------------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE_COOKIES)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE_COOKIES else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
if TRUST_PROXY_TLS_HEADER:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=10 * 3600)
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "franceservices.error_pages.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- messages, logs, jobs ---------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email("EMAIL_URL", default="smtp://localhost:25")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="ne-pas-repondre@localhost")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
# The address under which visitors reach this site, for the links in messages; without one, messages carry no link.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
SMS_BACKEND = env.str("SMS_BACKEND", default="bookings.sms.NoSms")
SMS_FILE = env.str("SMS_FILE", default=str(BASE_DIR / ".demo" / "sms.jsonl"))
SMS_URL = env.str("SMS_URL", default="")
SMS_TOKEN = env.str("SMS_TOKEN", default="")
SMS_SENDER = env.str("SMS_SENDER", default="")
SMS_BODY = env.json("SMS_BODY", default={"to": "{to}", "from": "{from}", "text": "{text}"})
SMS_KEY_HEADER = env.str("SMS_KEY_HEADER", default="Idempotency-Key")
SMS_TIMEOUT = env.int("SMS_TIMEOUT", default=10)
# Only for a gateway whose contract says that it accepts one key once: a lost answer is then asked for again.
SMS_IDEMPOTENT = env.bool("SMS_IDEMPOTENT", default=False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "franceservices.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.str("LOG_FORMAT", default="line" if DEBUG or DEMO else "json"),
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Libraries that tell each step of their work.
    "loggers": {name: {"level": "WARNING"} for name in ("weasyprint", "fontTools", "procrastinate")},
}
PROCRASTINATE_ON_APP_READY = "partners.audit.jobs.watch_jobs"
# How long the lines of the audit are kept, in years; see `manage.py purge_audit`.
AUDIT_RETENTION_YEARS = env.int("AUDIT_RETENTION_YEARS", default=6)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
