from datetime import date

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Concat

from franceservices.db import Folded
from franceservices.text import fold
from partners.models import Ccas


class VisitorQuerySet(models.QuerySet):
    def visible_to(self, user) -> "VisitorQuerySet":
        """The people known to the CCAS of `user`; a partner's agent has no list of people."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))

    def matching(self, words: str) -> "VisitorQuerySet":
        """Those in whose name, phone or e-mail each word of `words` occurs, whatever the accents, case and order."""
        visitors = self
        for word in fold(words).split():
            clause = models.Q(folded_name__contains=word) | models.Q(email__icontains=word)
            digits = "".join(character for character in word if character.isdigit())
            if len(digits) >= 3:
                clause |= models.Q(phone__contains=digits.removeprefix("0"))
            visitors = visitors.filter(clause)
        return visitors


class Visitor(models.Model):
    """A person received (*usager*): a name, and what she chose to give besides.

    There is no field for a social security number: décret n° 2019-341 lists who may process it, and a desk is not.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="visitors")
    last_name = models.CharField("nom", max_length=100)
    first_name = models.CharField("prénom", max_length=100, blank=True)
    birth_date = models.DateField("date de naissance", null=True, blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("courriel", blank=True)
    folded_name = models.GeneratedField(
        expression=Folded(Concat("last_name", models.Value(" "), "first_name")),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name="nom pour la recherche",
    )
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="créé par",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )

    objects = VisitorQuerySet.as_manager()

    class Meta:
        verbose_name = "usager"
        verbose_name_plural = "usagers"
        ordering = ["folded_name", "pk"]
        indexes = [
            GinIndex(
                name="visitor_name_trigram",
                fields=["folded_name"],
                opclasses=["gin_trgm_ops"],
            ),
            models.Index(name="visitor_ccas_name", fields=["ccas", "folded_name"]),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """« Prénom NOM », as lists and slips print it."""
        return f"{self.first_name} {self.last_name.upper()}".strip()

    def age_on(self, day: date) -> int | None:
        """Whole years on the civil date `day`; None without a birth date."""
        if self.birth_date is None:
            return None
        had_birthday = (day.month, day.day) >= (
            self.birth_date.month,
            self.birth_date.day,
        )
        return day.year - self.birth_date.year - (not had_birthday)
