"""Sums of sums: of each space without its partners and reasons, and of all spaces together by partner and reason.

They are made of the sums of `reports.summing`, in its transactions, so that all three agree at any moment.
"""

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models import Model

from partners.models import Site

from .figures import appointments, desk_visits
from .models import MonthlyAppointments, SummedMonth

KEPT = (appointments.SOURCE.sums, desk_visits.SOURCE.sums)

OF_SITES = """
INSERT INTO {of_site} (month, site_id, {columns})
SELECT detail.month, detail.site_id, {totals} FROM {detail} AS detail
WHERE detail.site_id = ANY(%(sites)s) AND {within}
GROUP BY detail.month, detail.site_id
"""
OF_ALL = """
INSERT INTO {of_all} (month, {keys}, {columns})
SELECT detail.month, {keys}, {totals} FROM {detail} AS detail WHERE detail.month = %(month)s
GROUP BY detail.month, {keys}
"""
OPEN_ENDS_OF_SITE = """
COALESCE((SELECT array_agg(open_end ORDER BY open_end)
          FROM {detail} AS part CROSS JOIN unnest(part.open_ends) AS open_end
          WHERE part.month = detail.month AND part.site_id = detail.site_id), '{{}}')
"""
# Of sorted arrays the first and the last; null where there is none.
OPEN_BOUNDS = "min(detail.open_ends[1]), max(detail.open_ends[cardinality(detail.open_ends)])"


def sum_of_sites(sites: Iterable[Site], *, month: date | None = None) -> None:
    """Make the sums of these spaces again, of one month or of all."""
    given = {"sites": [site.pk for site in sites], "month": month}
    for sums in KEPT:
        of_site = sums.of_site.objects.filter(site__in=given["sites"])
        (of_site if month is None else of_site.filter(month=month)).delete()
        # Along each axis of a table all rows are told: one of them is enough.
        one_axis = sums.along(None)
        within = ["true" if month is None else "detail.month = %(month)s"]
        within += [f"detail.{column} = %({column})s" for column in one_axis]
        columns, totals = list(sums.columns), [f"sum(detail.{column})" for column in sums.columns]
        if sums.detail is MonthlyAppointments:
            columns.append("open_ends")
            totals.append(OPEN_ENDS_OF_SITE.format(detail=_table(sums.detail)))
        _write(
            OF_SITES.format(
                of_site=_table(sums.of_site),
                detail=_table(sums.detail),
                columns=", ".join(columns),
                totals=", ".join(totals),
                within=" AND ".join(within),
            ),
            given | one_axis,
        )


def sum_month(month: date) -> None:
    """Make the sums of all spaces of one month again."""
    for sums in KEPT:
        sums.of_all.objects.filter(month=month).delete()
        columns, totals = list(sums.columns), [f"sum(detail.{column})" for column in sums.columns]
        keys = ["partner_id", "reason_id"]
        if sums.detail is MonthlyAppointments:
            keys.append("audience")
            columns += ["open_from", "open_until"]
            totals.append(OPEN_BOUNDS)
        else:
            keys += ["axis", "choice"]
        _write(
            OF_ALL.format(
                of_all=_table(sums.of_all),
                detail=_table(sums.detail),
                keys=", ".join(keys),
                columns=", ".join(columns),
                totals=", ".join(totals),
            ),
            {"month": month},
        )
    SummedMonth.objects.get_or_create(month=month)


def sum_missing_months() -> None:
    """Make the sums of all spaces of the months that have none, each month in its transaction."""
    known = set(SummedMonth.objects.values_list("month", flat=True))
    for month in sorted(_months(sums.of_site for sums in KEPT) - known):
        with transaction.atomic():
            sum_month(month)


def forget_months_of(sites: Iterable[Site]) -> None:
    """Take away the sums of all spaces of the months that these have sums of: they are about to change, or did."""
    ids = [site.pk for site in sites]
    months = _months((sums.of_site for sums in KEPT), site__in=ids)
    for model in (SummedMonth, *(sums.of_all for sums in KEPT)):
        model.objects.filter(month__in=months).delete()


def _months(models: Iterable[type[Model]], **within: object) -> set[date]:
    return {
        month
        for model in models
        for month in model.objects.filter(**within).order_by().values_list("month", flat=True).distinct()
    }


def _table(model: type[Model]) -> str:
    return model._meta.db_table


def _write(statement: str, given: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
