from django.db import models

from franceservices.db import Folded
from partners.validators import validate_siren

from .ccas import Ccas


class PartnerColour(models.TextChoices):
    """The eight colours that tell partners apart on screen, always beside the partner's short name."""

    BLEU = "bleu", "bleu"
    VERT = "vert", "vert"
    BRIQUE = "brique", "brique"
    PRUNE = "prune", "prune"
    OCRE = "ocre", "ocre"
    PETROLE = "petrole", "pétrole"
    ARDOISE = "ardoise", "ardoise"
    ROSE = "rose", "rose"


class PartnerQuerySet(models.QuerySet):
    def visible_to(self, user) -> "PartnerQuerySet":
        """All partners for CCAS staff (they are public bodies, shared by all spaces), her own for an agent."""
        if user.is_superuser or user.ccas_id is not None:
            return self
        return self.filter(pk=user.partner_id) if user.partner_id else self.none()


class Partner(models.Model):
    """A legal person that a CCAS signs a convention with: CPAM du Doubs, CGSS de la Guyane…"""

    name = models.CharField("dénomination", max_length=200, unique=True)
    short_name = models.CharField("nom court", max_length=30)
    slug = models.SlugField("identifiant", max_length=60, unique=True)
    siren = models.CharField("SIREN", max_length=9, blank=True, validators=[validate_siren])
    address = models.CharField("siège", max_length=250, blank=True)
    colour = models.CharField("couleur", max_length=10, choices=PartnerColour, default=PartnerColour.ARDOISE)
    own_ccas = models.OneToOneField(
        Ccas,
        verbose_name="services du CCAS",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="own_services",
        help_text="Désigne le CCAS lui-même quand ses agents occupent un bureau.",
    )
    is_fictional = models.BooleanField(
        "fictif",
        default=False,
        help_text="Partenaire inventé pour la démonstration ou la formation.",
    )

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = "partenaire"
        verbose_name_plural = "partenaires"
        ordering = [Folded("name")]
        constraints = [
            models.UniqueConstraint(
                fields=["siren"],
                name="partner_siren_unique",
                condition=~models.Q(siren=""),
                violation_error_message="Un partenaire porte déjà ce SIREN.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person or a line to call at a partner; a referent handles urgent and complex cases."""

    partner = models.ForeignKey(
        Partner,
        verbose_name="partenaire",
        on_delete=models.CASCADE,
        related_name="contacts",
    )
    name = models.CharField("nom", max_length=150)
    job_title = models.CharField("fonction", max_length=150, blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    is_referent = models.BooleanField("référent", default=False)

    class Meta:
        verbose_name = "contact"
        verbose_name_plural = "contacts"
        ordering = [Folded("name")]

    def __str__(self) -> str:
        return self.name
