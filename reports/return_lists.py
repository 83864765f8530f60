"""The months of the partners of a space: to establish, established, sent. What is to establish is computed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, Min, OuterRef, Q, TextChoices

from bookings.models import DeskVisit, Permanence
from conventions.models import Convention, ObligationDue, ObligationKind
from franceservices.dates import format_month
from franceservices.text import fold
from partners.models import Partner, Site

from .models import DispatchState, MonthlyReturn, ReturnDispatch
from .periods import Period


class ReturnState(TextChoices):
    """Where the return of a month stands."""

    TO_ESTABLISH = "a-etablir", "À établir"
    ESTABLISHED = "etabli", "Établi, non envoyé"
    SENT = "envoye", "Envoyé"


@dataclass(frozen=True)
class MonthOfPartner:
    """One line of the list; `due_on` is the day by which an open duty asks for it."""

    partner: Partner
    period: Period
    monthly_return: MonthlyReturn | None
    due_on: date | None
    state: ReturnState
    today: date

    @property
    def month_label(self) -> str:
        return format_month(self.period.first)

    @property
    def slug(self) -> str:
        """The month in addresses: `2026-10`."""
        return f"{self.period.first:%Y-%m}"

    @property
    def is_late(self) -> bool:
        return self.state == ReturnState.TO_ESTABLISH and self.due_on is not None and self.due_on < self.today


def with_sending(returns):
    """Returns with `is_sent` and `failed_count`, for lists."""
    dispatches = ReturnDispatch.objects.filter(monthly_return=OuterRef("pk"))
    return returns.annotate(
        is_sent=Exists(dispatches.filter(state=DispatchState.SENT)),
        failed_count=Count("dispatches", filter=Q(dispatches__state=DispatchState.FAILED)),
    )


def months_of_partners(site: Site) -> list[MonthOfPartner]:
    """Every month that a partner was bound to `site` and is over, the last first; a constant number of queries.

    Months before anything was noted at the space are not asked for: nobody could fill them in.
    """
    today = site.today()
    first_noted = _first_noted(site)
    stored = {
        (found.partner_id, found.month): found
        for found in with_sending(MonthlyReturn.objects.standing().filter(site=site)).select_related("partner")
    }
    dues = {
        (due.obligation.convention.partner_id, due.period_ends_on.replace(day=1)): due.due_on
        for due in ObligationDue.objects.open()
        .filter(obligation__convention__site=site, obligation__kind=ObligationKind.MONTHLY_COUNT)
        .select_related("obligation__convention")
    }
    wanted = {key: found.partner for key, found in stored.items()}
    if first_noted is not None:
        agreed = Convention.objects.filter(site=site, partner__own_ccas=None).select_related("partner")
        for convention in agreed:
            for month in _months(max(convention.starts_on, first_noted), min(convention.ends_on, today)):
                if Period.of_month(month.year, month.month).last < today:
                    wanted[convention.partner_id, month] = convention.partner
    lines = [
        MonthOfPartner(
            partner=partner,
            period=Period.of_month(month.year, month.month),
            monthly_return=stored.get((partner_id, month)),
            due_on=dues.get((partner_id, month)),
            state=_state(stored.get((partner_id, month))),
            today=today,
        )
        for (partner_id, month), partner in wanted.items()
    ]
    return sorted(lines, key=lambda line: (-line.period.first.toordinal(), fold(line.partner.short_name)))


def found_months(lines: Iterable[MonthOfPartner], *, words: str, state: str) -> list[MonthOfPartner]:
    """Those at `state`, if one is given, in whose partner, month or number each of `words` occurs."""
    wanted = fold(words.replace("\x00", " ")).split()
    return [
        line for line in lines if (not state or line.state == state) and all(word in _searched(line) for word in wanted)
    ]


def _searched(line: MonthOfPartner) -> str:
    label = line.monthly_return.label if line.monthly_return else ""
    return fold(f"{line.partner.name} {line.partner.short_name} {line.month_label} {line.slug} {label}")


def _state(found: MonthlyReturn | None) -> ReturnState:
    if found is None:
        return ReturnState.TO_ESTABLISH
    return ReturnState.SENT if found.is_sent else ReturnState.ESTABLISHED


def _first_noted(site: Site) -> date | None:
    """The first day of which something is known at `site`: a permanence, or a passage."""
    held = Permanence.objects.filter(site=site).aggregate(day=Min("day"))["day"]
    visited = DeskVisit.objects.filter(site=site).aggregate(moment=Min("occurred_at"))["moment"]
    days = [day for day in (held, visited.astimezone(site.zone).date() if visited else None) if day]
    return min(days, default=None)


def _months(first: date, last: date) -> list[date]:
    return Period(first, last).months if first <= last else []
