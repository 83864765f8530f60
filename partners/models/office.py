from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from franceservices.db import Folded

from .site import Site


def full_label(label: str) -> str:
    """How a sentence names the room of this label: « bureau 27 »; a room that has a name keeps it."""
    return f"bureau {label}" if label[:1].isdigit() else label


class OfficeQuerySet(models.QuerySet):
    def visible_to(self, user) -> "OfficeQuerySet":
        """The offices of the sites that `user` sees."""
        return self.filter(site__in=Site.objects.visible_to(user))

    def hold(self) -> None:
        """Lock these rooms until the transaction ends, in the order that everybody takes them, before other rows."""
        list(self.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


class Office(models.Model):
    """A room of a site that can be allocated to partners, measured in m² to two decimals (the square centimetre
    is beneath what a plan gives)."""

    site = models.ForeignKey(Site, verbose_name="espace", on_delete=models.PROTECT, related_name="offices")
    label = models.CharField(
        "numéro ou nom",
        max_length=40,
        help_text="Tel qu’il figure sur la porte, par exemple 27.",
    )
    area_m2 = models.DecimalField(
        "surface (m²)",
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    floor = models.CharField("étage", max_length=40, blank=True)
    is_active = models.BooleanField("en service", default=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = "bureau"
        verbose_name_plural = "bureaux"
        ordering = ["site", Folded("label")]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "label"],
                name="office_label_unique",
                violation_error_message="Cet espace a déjà un bureau de ce nom.",
            ),
            models.CheckConstraint(
                condition=models.Q(area_m2=None) | models.Q(area_m2__gt=0),
                name="office_area_positive",
                violation_error_message="La surface d’un bureau est un nombre de m² plus grand que zéro.",
            ),
        ]

    def __str__(self) -> str:
        return self.full_label

    @property
    def full_label(self) -> str:
        """How a sentence names the room."""
        return full_label(self.label)
