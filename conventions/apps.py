from django.apps import AppConfig

from . import storage_checks  # noqa: F401  (registers its check)


class ConventionsConfig(AppConfig):
    name = "conventions"
    verbose_name = "Conventions"
