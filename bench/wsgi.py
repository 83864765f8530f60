"""The WSGI application of the measures: the same settings and middleware, one more URL map."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "franceservices.settings")
settings.ROOT_URLCONF = "bench.urls"
application = get_wsgi_application()
