"""What cannot be added up of smaller parts, kept as it is of a whole month or year."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from partners.models import Ccas, Site

from .monthly_sums import KEY


def _middles(words: str) -> ArrayField:
    """The two values in the middle, in seconds; none where there is nothing to tell."""
    return ArrayField(models.DecimalField(max_digits=30, decimal_places=6), verbose_name=words, null=True)


class WholePeriod(models.Model):
    """The appointments of the past days `[first, last]`, a civil month or year, at all spaces of a CCAS together, or at
    `site` where it has several.

    A visitor is known to one CCAS, so that different people may be added up from one CCAS to the next: `strangers` is
    how many appointments held were of visitors of another, and must be none for that.
    A period that is not here is read from its rows, as one in which something changed since.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", **KEY)
    site = models.ForeignKey(Site, verbose_name="espace", null=True, **KEY)
    first = models.DateField("du")
    last = models.DateField("au")
    people = models.PositiveIntegerField("personnes reçues")
    strangers = models.PositiveIntegerField("rendez-vous d’usagers d’un autre CCAS")
    waiting_middles = _middles("attentes du milieu (s)")
    lead_middles = _middles("délais du milieu (s)")

    class Meta:
        verbose_name = "mois ou année entière"
        verbose_name_plural = "mois et années entières"
        constraints = [
            models.UniqueConstraint(
                fields=["first", "last", "ccas", "site"], name="whole_period_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ccas_id}, {self.site_id or '–'}, {self.first} – {self.last}"
