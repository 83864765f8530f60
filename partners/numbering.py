"""Numbers of what a CCAS establishes (statements, slips, returns, reports): one after the other each year, no gap."""

from datetime import date

from django.db.models import Max, Model

from .models import Ccas


def hold_numbers_of(ccas: Ccas) -> None:
    """Hold the row of the CCAS until the transaction ends: a number is taken only by what stays."""
    list(Ccas.objects.select_for_update(no_key=True).filter(pk=ccas.pk))


def next_number(model: type[Model], *, ccas_id: int, year: int) -> int:
    """The number that follows the last of `year`. Call it with the numbers held."""
    last = model.objects.filter(ccas=ccas_id, year=year).aggregate(number=Max("number"))["number"]
    return (last or 0) + 1


def latest_issue(model: type[Model], *, ccas_id: int, year: int) -> date | None:
    """The day of issue of the last number of `year`, which an issue to come may not precede; None without any."""
    return model.objects.filter(ccas=ccas_id, year=year).aggregate(day=Max("issued_on"))["day"]
