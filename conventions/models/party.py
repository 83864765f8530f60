from django.db import models


class Party(models.TextChoices):
    """Who owes, or who acts."""

    CCAS = "ccas", "CCAS"
    PARTNER = "partner", "Partenaire"
    BOTH = "both", "Les deux parties"
