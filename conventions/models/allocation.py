from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models

from franceservices.dates import format_time_range
from franceservices.db import DateRangeInclusive, TimeRange
from partners.models import Office, Weekday

from .convention import Convention


class Audience(models.TextChoices):
    """For whom a permanence is held."""

    PUBLIC = "public", "Usagers"
    SOCIAL_WORKERS = "social_workers", "Travailleurs sociaux"


class BookingMode(models.TextChoices):
    """How people come to a permanence."""

    APPOINTMENT = "appointment", "Sur rendez-vous"
    WALK_IN = "walk_in", "Sans rendez-vous"


class OfficeAllocation(models.Model):
    """The office that a convention puts at the partner's disposal, at the times of its slots."""

    convention = models.ForeignKey(
        Convention,
        verbose_name="convention",
        on_delete=models.CASCADE,
        related_name="allocations",
    )
    office = models.ForeignKey(
        Office,
        verbose_name="bureau",
        on_delete=models.PROTECT,
        related_name="allocations",
    )

    class Meta:
        verbose_name = "bureau mis à disposition"
        verbose_name_plural = "bureaux mis à disposition"
        ordering = ["convention", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["convention", "office"],
                name="allocation_unique",
                violation_error_message="Ce bureau figure déjà dans cette convention.",
            ),
            # Target of the composite foreign key that keeps a slot's office that of its allocation.
            models.UniqueConstraint(fields=["id", "office"], name="allocation_office_key"),
        ]

    def __str__(self) -> str:
        return f"{self.office} – {self.convention}"

    def clean(self) -> None:
        if self.office_id and self.convention_id and self.office.site_id != self.convention.site_id:
            raise ValidationError({"office": "Ce bureau n’est pas dans l’espace de la convention."})


class PermanenceSlotQuerySet(models.QuerySet):
    def valid_in(self, first: date, last: date) -> "PermanenceSlotQuerySet":
        """The slots valid on at least one day of `[first, last]`, both ends included."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)


class PermanenceSlot(models.Model):
    """One line of the weekly grid: `[start_time, end_time)` on one weekday, site-local time.

    `starts_on` and `ends_on` are both included and lie within the convention's term; left empty they take its ends.
    `office` repeats the allocation's office so that PostgreSQL can refuse two uses of one room; a composite foreign
    key (see the first migration) makes the two agree.
    """

    allocation = models.ForeignKey(
        OfficeAllocation,
        verbose_name="bureau",
        on_delete=models.CASCADE,
        related_name="slots",
    )
    office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="slots", editable=False)
    weekday = models.PositiveSmallIntegerField("jour", choices=Weekday)
    start_time = models.TimeField("de")
    end_time = models.TimeField("à")
    audience = models.CharField("public", max_length=20, choices=Audience, default=Audience.PUBLIC)
    mode = models.CharField("accueil", max_length=20, choices=BookingMode, default=BookingMode.APPOINTMENT)
    starts_on = models.DateField("à compter du", blank=True)
    ends_on = models.DateField("jusqu’au", blank=True)

    objects = PermanenceSlotQuerySet.as_manager()

    class Meta:
        verbose_name = "créneau hebdomadaire"
        verbose_name_plural = "grille hebdomadaire"
        ordering = ["weekday", "start_time", "starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end_time__gt=models.F("start_time")),
                name="slot_end_after_start",
                violation_error_message="L’heure de fin doit suivre l’heure de début.",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="slot_dates_ordered",
                violation_error_message="La date de fin doit suivre la date de début.",
            ),
            ExclusionConstraint(
                name="slot_no_overlap",
                expressions=[
                    ("office", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (TimeRange(), RangeOperators.OVERLAPS),
                    (DateRangeInclusive(), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Ce bureau est déjà pris à cette heure-là par un autre créneau.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {format_time_range(self.start_time, self.end_time)}"

    def save(self, **kwargs) -> None:
        self.complete()
        super().save(**kwargs)

    def clean(self) -> None:
        if not self.allocation_id:
            return
        self.complete()
        convention = self.allocation.convention
        if self.starts_on < convention.starts_on:
            raise ValidationError({"starts_on": f"La convention court {convention.term_sentence}."})
        if self.ends_on > convention.ends_on:
            raise ValidationError({"ends_on": f"La convention court {convention.term_sentence}."})

    def complete(self) -> None:
        """Fill in what the allocation and the convention already say: the office, and dates left empty."""
        self.office_id = self.allocation.office_id
        convention = self.allocation.convention
        self.starts_on = self.starts_on or convention.starts_on
        self.ends_on = self.ends_on or convention.ends_on
