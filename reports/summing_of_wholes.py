"""Keeps what cannot be added up of past months and years: different people and the middles of times, of each CCAS.

Of the present month and year nothing is kept: it would be made again all day long, of a year's rows each time.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Value

from partners.models import Site

from .figures import appointments
from .figures.whole_periods import strangers
from .grouping import ANY_SCOPE, insert_groups
from .models import MonthlyAppointmentsOfSite, SummedSite, WholePeriod
from .periods import Period
from .scopes import Scope

CCAS_AT_ONCE = 50

# The CCAS with appointments in a past month or year of which nothing is kept, the latest first.
MISSING = f"""
SELECT DISTINCT period.first, period.last, summed.ccas_id
FROM {MonthlyAppointmentsOfSite._meta.db_table} AS sums
JOIN {SummedSite._meta.db_table} AS summed ON summed.site_id = sums.site_id
CROSS JOIN LATERAL (VALUES
    (sums.month, (sums.month + interval '1 month')::date - 1),
    (date_trunc('year', sums.month)::date, (date_trunc('year', sums.month) + interval '1 year')::date - 1)
) AS period(first, last)
WHERE period.last < %(today)s AND NOT EXISTS (
    SELECT FROM {WholePeriod._meta.db_table} AS kept
    WHERE kept.first = period.first AND kept.last = period.last AND kept.ccas_id = summed.ccas_id
      AND kept.site_id IS NULL)
ORDER BY period.last DESC, period.first, summed.ccas_id
LIMIT %(most)s
"""


def keep_wholes(*, most: int | None) -> None:
    """Make what is missing, `most` periods of a CCAS at most; all of them if None."""
    # A day less: past by every clock.
    today = datetime.now(UTC).date() - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(MISSING, {"today": today, "most": most})
        missing = cursor.fetchall()
    of_period: dict[Period, list[int]] = {}
    for first, last, ccas in missing:
        of_period.setdefault(Period(first, last), []).append(ccas)
    for period, wanted in of_period.items():
        for start in range(0, len(wanted), CCAS_AT_ONCE):
            with transaction.atomic():
                _write(period, wanted[start : start + CCAS_AT_ONCE])


def forget(month: date, sites: Iterable[Site]) -> None:
    """Take away what is kept of the month, and of its year, of the CCAS of these spaces."""
    ccas = {site.ccas_id for site in sites}
    WholePeriod.objects.filter(ccas__in=ccas, first__lte=month, last__gte=month).delete()


def forget_all(ccas: Collection[int]) -> None:
    WholePeriod.objects.filter(ccas__in=ccas).delete()


def _write(period: Period, ccas: list[int]) -> None:
    sites = list(Site.objects.filter(ccas__in=ccas).order_by("pk"))
    counts: dict[int, int] = {}
    for site in sites:
        counts[site.ccas_id] = counts.get(site.ccas_id, 0) + 1
    people, waits, leads = appointments.DISTINCT_PEOPLE, appointments.WAITING_MEDIAN, appointments.LEAD_MEDIAN
    sums = {
        "people": people.measure.aggregates(ANY_SCOPE)["distinct"],
        "strangers": strangers(people.measure.counted(ANY_SCOPE)),
        "waiting_middles": waits.measure.aggregates(ANY_SCOPE)["middles"],
        "lead_middles": leads.measure.aggregates(ANY_SCOPE)["middles"],
    }
    by = {"first": Value(period.first), "last": Value(period.last), "ccas_id": F("site__ccas_id")}
    rows = appointments.SOURCE.rows(Scope(period=period, sites=tuple(sites)))
    insert_groups(WholePeriod, rows, by=by, sums=sums)
    of_several = tuple(site for site in sites if counts[site.ccas_id] > 1)
    if of_several:
        rows = appointments.SOURCE.rows(Scope(period=period, sites=of_several))
        insert_groups(WholePeriod, rows, by=by | {"site_id": F("site_id")}, sums=sums)
