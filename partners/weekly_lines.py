"""Several weekly lines edited at once: opening hours of a space, slots of a convention.

Two lines may not overlap. The database says so row by row, in the order in which rows are written; a person changes
several at once (this one ends later, the next one begins later) and means the result. So the lines are compared with
one another as they will be, and they leave their old place before any takes its new one.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import date, time
from itertools import combinations

from django import forms

from franceservices.dates import WEEKDAYS, format_time_range

# Weekdays that do not exist: where lines wait, within the transaction, while the others move.
WAITING_WEEKDAY = 1000


@dataclass(frozen=True)
class WeeklyLine:
    """One line as it will be: `place` is what two lines compete for; dates are both included, None for no end."""

    place: Hashable
    weekday: int
    start_time: time
    end_time: time
    starts_on: date
    ends_on: date | None

    def overlaps(self, other: "WeeklyLine") -> bool:
        return (
            self.place == other.place
            and self.weekday == other.weekday
            and self.start_time < other.end_time
            and other.start_time < self.end_time
            and self.starts_on <= (other.ends_on or date.max)
            and other.starts_on <= (self.ends_on or date.max)
        )

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {format_time_range(self.start_time, self.end_time)}"


class WeeklyLineForm(forms.ModelForm):
    """One line; what is wrong with it alone is said beside its fields."""

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        start_time, end_time = cleaned.get("start_time"), cleaned.get("end_time")
        if start_time and end_time and end_time <= start_time:
            self.add_error("end_time", "L’heure de fin doit suivre l’heure de début.")
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", "La date de fin doit suivre la date de début.")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Leave `weekday` out of the model's checks, and so the constraint against overlaps, which needs it.

        That constraint looks at the rows as they were: the formset compares the lines as they will be, and the database
        has the last word.
        """
        return {*super()._get_validation_exclusions(), "weekday"}


class WeeklyLinesMixin:
    """A model formset of weekly lines whose model has `weekday`; subclasses say what a form's line is."""

    def line_of(self, form: forms.ModelForm) -> WeeklyLine | None:
        """The line that `form` will make; None while it is incomplete or wrong."""
        raise NotImplementedError

    def kept_lines(self) -> Iterator[tuple[forms.ModelForm, WeeklyLine]]:
        """The lines that will be there after the save."""
        for form in self.forms:
            is_blank = form.empty_permitted and not form.has_changed()
            if not is_blank and not form.errors and not self._should_delete_form(form):
                line = self.line_of(form)
                if line is not None:
                    yield form, line

    def clean(self) -> None:
        super().clean()
        for (_, line), (other_form, other) in combinations(list(self.kept_lines()), 2):
            if line.overlaps(other):
                other_form.add_error("start_time", f"Ce créneau en chevauche un autre\u00a0: {line}.")

    def save(self, commit: bool = True) -> list:  # noqa: FBT001, FBT002  (Django's own signature)
        if commit:
            self._leave_old_places()
        return super().save(commit)

    def _leave_old_places(self) -> None:
        for index, form in enumerate(self.initial_forms):
            if form.has_changed():
                self.model.objects.filter(pk=form.instance.pk).update(weekday=WAITING_WEEKDAY + index)
