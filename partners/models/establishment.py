from django.db import models

from partners.validators import validate_siret

from .ccas import Ccas
from .partner import Partner


class EstablishmentQuerySet(models.QuerySet):
    def visible_to(self, user) -> "EstablishmentQuerySet":
        """Those of the bodies and partners that `user` sees."""
        return self.filter(
            models.Q(ccas__in=Ccas.objects.visible_to(user)) | models.Q(partner__in=Partner.objects.visible_to(user))
        )

    def of_account(self, user) -> "EstablishmentQuerySet":
        """Where a person of this account may work: her CCAS, or her partner; both for the CCAS's own services.

        Nowhere for the technical account, which belongs to nobody.
        """
        if user.partner_id is not None:
            owners = models.Q(partner_id=user.partner_id)
            if user.partner.own_ccas_id is not None:
                owners |= models.Q(ccas_id=user.partner.own_ccas_id)
            return self.filter(owners)
        return self.filter(ccas_id=user.ccas_id) if user.ccas_id is not None else self.none()


class Establishment(models.Model):
    """A place of work that ProConnect may name: only people of a listed SIRET come in by ProConnect.

    Two bodies may list the same one: the agents of a CCAS and of the municipality's services often share theirs.
    """

    siret = models.CharField(
        "SIRET",
        max_length=14,
        validators=[validate_siret],
        help_text="Quatorze chiffres, sans espace.",
    )
    name = models.CharField(
        "nom", max_length=150, blank=True, help_text="Par exemple\u00a0: siège, agence de Pontarlier."
    )
    ccas = models.ForeignKey(
        Ccas, verbose_name="CCAS", on_delete=models.CASCADE, null=True, blank=True, related_name="establishments"
    )
    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="establishments",
    )

    objects = EstablishmentQuerySet.as_manager()

    class Meta:
        verbose_name = "établissement"
        verbose_name_plural = "établissements (ProConnect)"
        ordering = ["siret"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ccas__isnull=True, partner__isnull=False)
                | models.Q(ccas__isnull=False, partner__isnull=True),
                name="establishment_has_one_owner",
                violation_error_message="Un établissement est celui d’un CCAS ou d’un partenaire.",
            ),
            models.UniqueConstraint(
                fields=["siret", "ccas"],
                name="establishment_once_per_ccas",
                violation_error_message="Ce SIRET est déjà dans la liste.",
            ),
            models.UniqueConstraint(
                fields=["siret", "partner"],
                name="establishment_once_per_partner",
                violation_error_message="Ce SIRET est déjà dans la liste.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.siret} ({self.name})" if self.name else self.siret
