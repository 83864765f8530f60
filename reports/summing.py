"""Keeps the sums of months: makes them of the rows, by the definitions of the figures, wherever something changed.

Exact because of three things. Each change adds its moment to `ChangedMoment` in its own transaction, so that a reader
who sees the change sees that the sums do not tell that month. A month is summed after the moments of its changes were
read, so that it holds all of them at least, and only those that were read are deleted, in the same transaction. One
process at a time sums, so that an older sum never replaces a newer one. The sums may lag; the figures do not.

What is made of these sums or of the same rows (`summing_of_all`, `summing_of_wholes`) is made again, or taken away, in
that same transaction.
"""

from datetime import date

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import BigIntegerField, Count, DateTimeField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from bookings.models import Appointment, ChangedMoment, DeskVisit
from franceservices.sole_runner import sole_runner
from partners.models import Site

from . import summing_of_all, summing_of_wholes
from .figures import appointments, desk_visits
from .figures.axes import MonthAtSite
from .figures.definition import Figure
from .figures.kept_sums import VISIT_AXES
from .grouping import ANY_SCOPE, insert_groups
from .models import MonthlyAppointments, MonthlyVisits, SummedSite
from .periods import Period
from .scopes import Scope

# What is written in one transaction: some seconds of work at most.
SITES_AT_ONCE = 50
CHANGES_AT_ONCE = 20_000

COUNTED = {
    "booked": appointments.BOOKED,
    "held": appointments.HELD,
    "absent": appointments.ABSENT,
    "excused": appointments.EXCUSED,
    "cancelled_by_partner": appointments.CANCELLED_BY_PARTNER,
    "cancelled_by_ccas": appointments.CANCELLED_BY_CCAS,
    "to_replace": appointments.TO_REPLACE,
    "moved": appointments.MOVED,
}
COUNTED_VISITS = {
    "visits": desk_visits.WALK_INS,
    "people": desk_visits.WALK_IN_PEOPLE,
    "computer_sessions": desk_visits.COMPUTER_SESSIONS,
    "computer_people": desk_visits.COMPUTER_PEOPLE,
    "computer_accompanied": desk_visits.COMPUTER_ACCOMPANIED,
}


class Microseconds(Func):
    """A number of seconds as whole microseconds."""

    template = "(%(expressions)s * 1000000)::bigint"
    output_field = BigIntegerField()


def keep_sums(*, most_wholes: int | None = None) -> int:
    """Sum what is not summed or has changed; how many months and spaces were written. Does nothing beside another.

    Of the whole periods that are missing, `most_wholes` at most are made, so that the months do not wait for them.
    """
    with sole_runner("sums of months") as is_ours:
        if not is_ours:
            return 0
        written = _sum_changed_months() + _sum_sites()
        summing_of_all.sum_missing_months()
        summing_of_wholes.keep_wholes(most=most_wholes)
        return written


def _sum_changed_months() -> int:
    """Each month in which something changed is made again, at the spaces where it did."""
    written = 0
    while True:
        with transaction.atomic():
            changes = list(
                ChangedMoment.objects.order_by("pk").values_list("pk", "site", MonthAtSite("moment"))[:CHANGES_AT_ONCE]
            )
            months: dict[date, set[int]] = {}
            for _pk, site_id, month in changes:
                months.setdefault(month, set()).add(site_id)
            sites = Site.objects.in_bulk({site_id for _pk, site_id, _month in changes})
            for month, site_ids in sorted(months.items()):
                _write_month(month, [sites[site_id] for site_id in sorted(site_ids)])
            ChangedMoment.objects.filter(pk__in=[pk for pk, _site, _month in changes]).delete()
        written += sum(map(len, months.values()))
        if len(changes) < CHANGES_AT_ONCE:
            return written


def _write_month(month: date, sites: list[Site]) -> None:
    scope = Scope(period=Period.of_month(month.year, month.month), sites=tuple(sites))
    for model in (MonthlyAppointments, MonthlyVisits):
        model.objects.filter(month=month, site__in=sites).delete()
    _write(appointments.SOURCE.rows(scope), desk_visits.SOURCE.rows(scope))
    summing_of_all.sum_of_sites(sites, month=month)
    summing_of_all.sum_month(month)
    summing_of_wholes.forget(month, sites)


def _sum_sites() -> int:
    """Spaces that are new, or live by another clock or under another CCAS since, are made as a whole."""
    kept = SummedSite.objects.filter(time_zone=F("site__time_zone"), ccas=F("site__ccas")).values("site")
    missing = list(Site.objects.exclude(pk__in=kept).order_by("pk"))
    for start in range(0, len(missing), SITES_AT_ONCE):
        sites = missing[start : start + SITES_AT_ONCE]
        with transaction.atomic():
            known = SummedSite.objects.filter(site__in=sites)
            summing_of_wholes.forget_all({site.ccas_id for site in sites} | set(known.values_list("ccas", flat=True)))
            summing_of_all.forget_months_of(sites)
            known.delete()
            for model in (MonthlyAppointments, MonthlyVisits):
                model.objects.filter(site__in=sites).delete()
            _write(Appointment.objects.filter(site__in=sites), DeskVisit.objects.standing().filter(site__in=sites))
            summing_of_all.sum_of_sites(sites)
            summing_of_all.forget_months_of(sites)
            SummedSite.objects.bulk_create(
                SummedSite(site=site, ccas_id=site.ccas_id, time_zone=site.time_zone) for site in sites
            )
    return len(missing)


def _write(booked: QuerySet, visits: QuerySet) -> None:
    """Add the sums of these rows, which are all those of their months and sites."""
    waits = appointments.WAITING_MEAN.measure.aggregates(ANY_SCOPE)
    leads = appointments.LEAD_MEAN.measure.aggregates(ANY_SCOPE)
    open_ends = ArrayAgg(
        "during__endswith",
        filter=appointments.STILL_OPEN,
        order_by="during__endswith",
        default=Value([], output_field=ArrayField(DateTimeField())),
    )
    insert_groups(
        MonthlyAppointments,
        booked,
        by={
            "month": MonthAtSite("during__startswith"),
            "site_id": F("site_id"),
            "partner_id": F("partner_id"),
            "reason_id": F("reason_id"),
            "audience": appointments.AUDIENCE,
        },
        sums={
            **{column: _only(figure) for column, figure in COUNTED.items()},
            "waited": waits["count"],
            "waited_microseconds": Microseconds(Coalesce(waits["sum"], Value(0))),
            "lead_microseconds": Microseconds(Coalesce(leads["sum"], Value(0))),
            "still_open": Count("pk", filter=Q(appointments.STILL_OPEN)),
            "open_ends": open_ends,
        },
    )
    for axis, column in VISIT_AXES.items():
        key = desk_visits.SOURCE.axes[axis].key
        insert_groups(
            MonthlyVisits,
            visits,
            by={
                "month": MonthAtSite("occurred_at"),
                "axis": Value(axis),
                "site_id": F("site_id"),
                "partner_id": F("partner_id"),
                **({"reason_id": F(key), "choice": Value("")} if column == "reason" else {"choice": F(key)}),
            },
            sums={column: _only(figure) for column, figure in COUNTED_VISITS.items()},
        )


def _only(figure: Figure):
    """The one aggregate of a figure that is a number of rows or a total."""
    (made,) = figure.measure.aggregates(ANY_SCOPE).values()
    return made
