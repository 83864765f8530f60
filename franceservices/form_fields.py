"""Form fields that read what French hands type: `15,64`, `1 254,00 €`, `8h30`; and dates within reach."""

import re
from datetime import date, time
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from .dates import NEWEST_YEAR, OLDEST_YEAR, format_time
from .money import NO_BREAK_SPACE, format_number, parse_decimal_fr

_TYPED_HOUR = re.compile(r"(\d{1,2})\s*(?:[h:.]\s*(\d{2})?)?(?::00)?", re.ASCII | re.IGNORECASE)


class FrenchDecimalField(forms.DecimalField):
    """A number with a comma or a point, spaces between thousands, € or m² at the end; shown with a comma."""

    widget = forms.TextInput

    def to_python(self, value: object) -> Decimal | None:
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        try:
            return parse_decimal_fr(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def prepare_value(self, value: object) -> object:
        return format_number(value, min_places=self.decimal_places or 0) if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {**super().widget_attrs(widget), "inputmode": "decimal"}


class FrenchTimeField(forms.TimeField):
    """A local time as `8h30`, `8:30`, `08:30:00` or `8h`; shown as `8h30`."""

    widget = forms.TextInput

    def to_python(self, value: object) -> time | None:
        if value in self.empty_values:
            return None
        if isinstance(value, time):
            return value
        match = _TYPED_HOUR.fullmatch(str(value).strip())
        hour, minute = (int(match[1]), int(match[2] or 0)) if match else (24, 0)
        if hour > 23 or minute > 59:
            raise ValidationError(
                f"Écrivez une heure de la journée, par exemple 8h30 (et non «{NO_BREAK_SPACE}{str(value)[:20]}"
                f"{NO_BREAK_SPACE}»).",
                code="invalid",
            )
        return time(hour, minute)

    def prepare_value(self, value: object) -> object:
        return format_time(value) if isinstance(value, time) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, str]:
        return {**super().widget_attrs(widget), "size": "6", "maxlength": "20"}


class ReasonableDateField(forms.DateField):
    """A civil date of our times: beyond, a year is a slip of the hand, and sums of months overflow.

    Typed in the browser's own date control, which knows the reader's way of writing dates.
    """

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def clean(self, value: object) -> date | None:
        day = super().clean(value)
        if day is not None and not OLDEST_YEAR <= day.year <= NEWEST_YEAR:
            raise ValidationError(
                f"L’année doit être comprise entre {OLDEST_YEAR} et {NEWEST_YEAR}.", code="out_of_reach"
            )
        return day
