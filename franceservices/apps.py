from django.apps import AppConfig


class FranceServicesConfig(AppConfig):
    """Shared helpers: template filters and the house's form markup. No model."""

    name = "franceservices"
    verbose_name = "Espace France Services"
