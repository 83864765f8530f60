from django.apps import AppConfig

# Registered by being read.
from . import checks  # noqa: F401


class FranceServicesConfig(AppConfig):
    """Shared helpers: template filters and the house's form markup. No model."""

    name = "franceservices"
    verbose_name = "Espace France Services"
