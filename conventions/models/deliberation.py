from django.core.exceptions import ValidationError
from django.db import models

from franceservices.dates import format_date_long
from franceservices.identifiers import parse_transmission_id
from partners.models import Ccas


class DeliberatingBody(models.TextChoices):
    """Who voted. Only the board of the CCAS may bind the CCAS; the municipal council sometimes did."""

    CCAS_BOARD = "ccas_board", "Conseil d’administration du CCAS"
    MUNICIPAL_COUNCIL = "municipal_council", "Conseil municipal"


def validate_transmission_id(value: str) -> None:
    """Refuse what is not the identifier of a teletransmitted act (ACTES)."""
    try:
        parse_transmission_id(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class DeliberationQuerySet(models.QuerySet):
    def visible_to(self, user) -> "DeliberationQuerySet":
        """The acts that concern the CCAS of `user`."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))


class Deliberation(models.Model):
    """The act by which an assembly approved a convention and let it be signed."""

    ccas = models.ForeignKey(
        Ccas,
        verbose_name="CCAS",
        on_delete=models.PROTECT,
        related_name="deliberations",
    )
    body = models.CharField(
        "assemblée",
        max_length=30,
        choices=DeliberatingBody,
        default=DeliberatingBody.CCAS_BOARD,
    )
    session_on = models.DateField("séance du")
    number = models.CharField(
        "numéro",
        max_length=60,
        help_text="Par exemple « question n°9 » ou « n°14/2017/MT ».",
    )
    subject = models.CharField("objet", max_length=300)
    members_in_office = models.PositiveSmallIntegerField("membres en exercice", null=True, blank=True)
    votes_for = models.PositiveSmallIntegerField("pour", null=True, blank=True)
    votes_against = models.PositiveSmallIntegerField("contre", null=True, blank=True)
    votes_abstaining = models.PositiveSmallIntegerField("abstentions", null=True, blank=True)
    is_unanimous = models.BooleanField("à l’unanimité", default=False)
    published_on = models.DateField("publiée le", null=True, blank=True)
    transmitted_on = models.DateField("reçue en préfecture le", null=True, blank=True)
    transmission_id = models.CharField(
        "identifiant de télétransmission",
        max_length=60,
        blank=True,
        validators=[validate_transmission_id],
    )

    objects = DeliberationQuerySet.as_manager()

    class Meta:
        verbose_name = "délibération"
        verbose_name_plural = "délibérations"
        ordering = ["-session_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["ccas", "session_on", "number"],
                name="deliberation_unique",
                violation_error_message="Cette délibération est déjà enregistrée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_body_display()}, {format_date_long(self.session_on)}, {self.number}"
