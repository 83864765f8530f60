from django.conf import settings
from django.db import models
from django.utils import timezone

from partners.models import Ccas

from .visitor import Visitor


class VisitorDistinctionQuerySet(models.QuerySet):
    def visible_to(self, user) -> "VisitorDistinctionQuerySet":
        """Those of the CCAS of `user`."""
        return self.filter(a__ccas__in=Ccas.objects.visible_to(user))

    def about(self, visitor: Visitor) -> "VisitorDistinctionQuerySet":
        """Those in which `visitor` is one of the two."""
        return self.filter(models.Q(a=visitor) | models.Q(b=visitor))


class VisitorDistinction(models.Model):
    """Two cards look alike and the desk said that they are two persons: they are not proposed for merging again.

    `a` is the one with the smaller id, so that a pair is written once.
    """

    a = models.ForeignKey(Visitor, verbose_name="une fiche", on_delete=models.CASCADE, related_name="distinctions_as_a")
    b = models.ForeignKey(
        Visitor, verbose_name="l’autre fiche", on_delete=models.CASCADE, related_name="distinctions_as_b"
    )
    at = models.DateTimeField("distinguées le", default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="distinguées par", on_delete=models.PROTECT, related_name="+"
    )

    objects = VisitorDistinctionQuerySet.as_manager()

    class Meta:
        verbose_name = "distinction de deux usagers"
        verbose_name_plural = "distinctions d’usagers"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(a__lt=models.F("b")), name="visitor_distinction_in_order"),
            models.UniqueConstraint(fields=["a", "b"], name="visitor_distinction_once"),
        ]

    def __str__(self) -> str:
        return f"{self.a} ≠ {self.b}"

    def other_than(self, visitor: Visitor) -> int:
        """The id of the one of the two that is not `visitor`."""
        return self.b_id if self.a_id == visitor.pk else self.a_id
