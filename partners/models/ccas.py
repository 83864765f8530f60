from django.db import models

from franceservices.db import Folded
from partners.validators import validate_insee_code, validate_siren


class CcasQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CcasQuerySet":
        """The bodies whose agreements `user` works with; a partner's agent works with none of them."""
        if user.is_superuser:
            return self
        return self.filter(pk=user.ccas_id) if user.ccas_id else self.none()


class Ccas(models.Model):
    """A municipal social action centre: the legal person that signs conventions and runs the sites."""

    name = models.CharField("dénomination", max_length=200, unique=True)
    short_name = models.CharField("nom court", max_length=60)
    siren = models.CharField(
        "SIREN",
        max_length=9,
        blank=True,
        validators=[validate_siren],
        help_text="Neuf chiffres, sans espace.",
    )
    insee_code = models.CharField("code INSEE de la commune", max_length=5, validators=[validate_insee_code])
    city = models.CharField("commune", max_length=100)
    address = models.CharField("adresse", max_length=250, blank=True)

    objects = CcasQuerySet.as_manager()

    class Meta:
        verbose_name = "CCAS"
        verbose_name_plural = "CCAS"
        ordering = [Folded("name")]
        constraints = [
            models.UniqueConstraint(
                fields=["siren"],
                name="ccas_siren_unique",
                condition=~models.Q(siren=""),
                violation_error_message="Un CCAS porte déjà ce SIREN.",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name
