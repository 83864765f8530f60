from django.conf import settings
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Ccas

from .visitor import Visitor


class VisitorMergeQuerySet(models.QuerySet):
    def visible_to(self, user) -> "VisitorMergeQuerySet":
        """Those of the CCAS of `user`."""
        return self.filter(kept__ccas__in=Ccas.objects.visible_to(user))

    def standing(self) -> "VisitorMergeQuerySet":
        """Those that were not undone."""
        return self.filter(undone_at=None)


class VisitorMerge(models.Model):
    """Two cards of one person were made one: `merged` points to `kept`, and what moved is listed so it can be undone.

    `facts_before` and `facts_after` hold the fields of `kept` before and after; `moved` lists, by model, the ids of the
    rows that moved or were made (see `bookings/visitor_merging.py`).
    """

    kept = models.ForeignKey(Visitor, verbose_name="fiche gardée", on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey(
        Visitor, verbose_name="fiche fusionnée", on_delete=models.PROTECT, related_name="merged_by"
    )
    facts_before = models.JSONField("fiche gardée, avant")
    facts_after = models.JSONField("fiche gardée, après", default=dict)
    moved = models.JSONField("lignes déplacées")
    made_at = models.DateTimeField("fusionnées le", default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="fusionnées par", on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField("défaite le", null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="défaite par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = VisitorMergeQuerySet.as_manager()

    class Meta:
        verbose_name = "fusion de fiches"
        verbose_name_plural = "fusions de fiches"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=who_and_when("undone"),
                name="visitor_merge_undone_when_and_by",
            ),
            models.CheckConstraint(condition=~models.Q(kept=models.F("merged")), name="visitor_merge_two_cards"),
            models.UniqueConstraint(
                fields=["merged"],
                condition=models.Q(undone_at=None),
                name="visitor_merge_once",
                violation_error_message="Cette fiche est déjà fusionnée avec une autre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged} → {self.kept}"
