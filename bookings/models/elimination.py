from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from franceservices.db import who_and_when
from partners.models import Ccas

from .visitor import Visitor


class EliminationBasis(models.TextChoices):
    """Why the data of these people are to go."""

    RETENTION = "retention", "Durée de conservation échue"
    OBJECTION = "objection", "Opposition de la personne à la conservation"


class EliminationState(models.TextChoices):
    """Where a list stands; it follows from its dates."""

    PROPOSED = "proposed", "Proposée, essai à blanc à venir"
    REHEARSED = "rehearsed", "À approuver"
    APPROVED = "approved", "Approuvée, à exécuter"
    LAUNCHED = "launched", "En cours"
    FINISHED = "finished", "Exécutée"
    WITHDRAWN = "withdrawn", "Abandonnée"


class EliminationListQuerySet(models.QuerySet):
    def visible_to(self, user) -> "EliminationListQuerySet":
        """Those of the CCAS of `user`."""
        return self.filter(ccas__in=Ccas.objects.visible_to(user))

    def open(self) -> "EliminationListQuerySet":
        """Those that may still remove somebody's data."""
        return self.filter(withdrawn_at=None, finished_at=None)


class EliminationList(models.Model):
    """The people whose data a CCAS removes (*bordereau d’élimination*): proposed by one person, approved by another.

    Numbers follow each other by CCAS and civil year. Once approved, the list and its lines are frozen by triggers but
    for what becomes of them; a withdrawn list keeps its number.
    """

    ccas = models.ForeignKey(Ccas, verbose_name="CCAS", on_delete=models.PROTECT, related_name="elimination_lists")
    year = models.PositiveSmallIntegerField("année")
    number = models.PositiveIntegerField("numéro", validators=[MinValueValidator(1)])
    basis = models.CharField("motif", max_length=20, choices=EliminationBasis, default=EliminationBasis.RETENTION)
    # What each space had chosen on that day: [{"site": …, "months": …, "before": "2024-11-22"}, …].
    rules = models.JSONField("durées appliquées", default=list)
    proposed_at = models.DateTimeField("proposée le", default=timezone.now)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="proposée par", on_delete=models.PROTECT, related_name="+"
    )
    rehearsed_at = models.DateTimeField("essayée à blanc le", null=True, blank=True)
    # Where texts still name somebody of the list once her own data are gone: [{"card": 12, "table": …, …}, …].
    traces = models.JSONField("encore cités ailleurs", default=list)
    approved_at = models.DateTimeField("approuvée le", null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="approuvée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    launched_at = models.DateTimeField("lancée le", null=True, blank=True)
    launched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="lancée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    attempts = models.PositiveSmallIntegerField("reprises", default=0)
    finished_at = models.DateTimeField("terminée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("abandonnée le", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="abandonnée par",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = EliminationListQuerySet.as_manager()

    class Meta:
        verbose_name = "liste d’élimination"
        verbose_name_plural = "listes d’élimination"
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["ccas", "year", "number"], name="elimination_number_unique"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="elimination_number_from_one"),
            *(
                models.CheckConstraint(condition=who_and_when(step), name=f"elimination_{step}_when_and_by")
                for step in ("approved", "launched", "withdrawn")
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by=None) | ~models.Q(approved_by=models.F("proposed_by")),
                name="elimination_approved_by_another",
                violation_error_message="Une autre personne que celle qui a proposé la liste doit l’approuver.",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_at=None) | models.Q(rehearsed_at__isnull=False),
                name="elimination_rehearsed_before_approved",
                violation_error_message="L’essai à blanc précède l’approbation.",
            ),
            models.CheckConstraint(
                condition=models.Q(launched_at=None) | models.Q(approved_at__isnull=False, withdrawn_at=None),
                name="elimination_approved_before_launched",
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at=None) | models.Q(launched_at__isnull=False),
                name="elimination_launched_before_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"Liste d’élimination n° {self.full_number}"

    @property
    def full_number(self) -> str:
        """`2026-0003`."""
        return f"{self.year}-{self.number:04d}"

    @property
    def state(self) -> EliminationState:
        steps = (
            (self.withdrawn_at, EliminationState.WITHDRAWN),
            (self.finished_at, EliminationState.FINISHED),
            (self.launched_at, EliminationState.LAUNCHED),
            (self.approved_at, EliminationState.APPROVED),
            (self.rehearsed_at, EliminationState.REHEARSED),
        )
        return next((state for moment, state in steps if moment is not None), EliminationState.PROPOSED)


class EliminationLine(models.Model):
    """One person of a list, by the number of her card: `counts` of rows to empty by kind, as the rehearsal found them.

    `done_at` says that it was done, and `emptied` what was; `kept_because` that it was not, and why.
    """

    list = models.ForeignKey(EliminationList, verbose_name="liste", on_delete=models.CASCADE, related_name="lines")
    visitor = models.ForeignKey(
        Visitor, verbose_name="usager", on_delete=models.PROTECT, related_name="elimination_lines"
    )
    position = models.PositiveIntegerField("rang")
    last_contact_on = models.DateField("dernier contact")
    counts = models.JSONField("lignes à vider", default=dict)
    done_at = models.DateTimeField("anonymisée le", null=True, blank=True)
    emptied = models.JSONField("lignes vidées", default=dict)
    kept_because = models.CharField("gardée parce que", max_length=200, blank=True)

    class Meta:
        verbose_name = "ligne d’une liste d’élimination"
        verbose_name_plural = "lignes d’une liste d’élimination"
        ordering = ["list", "position"]
        constraints = [
            models.UniqueConstraint(fields=["list", "visitor"], name="elimination_line_once"),
            models.UniqueConstraint(fields=["list", "position"], name="elimination_line_position_once"),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(kept_because=""), name="elimination_line_done_or_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list}, fiche n° {self.visitor_id}"
