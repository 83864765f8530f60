"""The day on which a return or a report is established."""

from datetime import date

from django.db.models import Model

from franceservices.dates import format_date_long
from franceservices.errors import DomainError
from partners.models import Site
from partners.numbering import latest_issue


def checked_day_of_issue(model: type[Model], *, site: Site, issued_on: date | None) -> date:
    """The day on which something is established, by default today at `site`.

    Raises DomainError for a day to come, or one before a smaller number of its year. Call it with the numbers held.
    """
    today = site.today()
    issued_on = issued_on or today
    if issued_on > today:
        raise DomainError("La date d’établissement ne peut pas être à venir.")
    latest = latest_issue(model, ccas_id=site.ccas_id, year=issued_on.year)
    if latest and issued_on < latest:
        raise DomainError(
            f"Le dernier de {issued_on.year} porte la date du {format_date_long(latest)}. "
            "Les numéros suivent l’ordre des dates\u00a0: choisissez ce jour ou un jour suivant."
        )
    return issued_on
