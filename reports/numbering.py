"""Numbers of what is established: one after the other, without a gap, in each CCAS and year."""

from datetime import date

from django.db.models import Max, Model

from franceservices.dates import format_date_long
from franceservices.errors import DomainError
from partners.models import Ccas, Site


def hold_numbers_of(ccas: Ccas) -> None:
    """Hold the row of the CCAS until the transaction ends: a number is taken only by what stays."""
    list(Ccas.objects.select_for_update(no_key=True).filter(pk=ccas.pk))


def checked_day_of_issue(model: type[Model], *, site: Site, issued_on: date | None) -> date:
    """The day on which something is established, by default today at `site`.

    Raises DomainError for a day to come, or one before a smaller number of its year. Call it with the numbers held.
    """
    today = site.today()
    issued_on = issued_on or today
    if issued_on > today:
        raise DomainError("La date d’établissement ne peut pas être à venir.")
    latest = model.objects.filter(ccas=site.ccas_id, year=issued_on.year).aggregate(day=Max("issued_on"))["day"]
    if latest and issued_on < latest:
        raise DomainError(
            f"Le dernier de {issued_on.year} porte la date du {format_date_long(latest)}. "
            "Les numéros suivent l’ordre des dates\u00a0: choisissez ce jour ou un jour suivant."
        )
    return issued_on


def next_number(model: type[Model], *, ccas_id: int, year: int) -> int:
    """The number that follows the last of `year`. Call it with the numbers held."""
    last = model.objects.filter(ccas=ccas_id, year=year).aggregate(number=Max("number"))["number"]
    return (last or 0) + 1
