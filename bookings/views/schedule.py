"""The week of a partner's agent: what her caisse holds in all spaces, and nothing of anybody else."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView

from bookings.agenda import Entry, PermanenceRow, week_label
from bookings.models import Permanence
from bookings.models.permanence import PermanenceQuerySet
from bookings.schedule_rows import permanence_rows
from franceservices.dates import NEWEST_YEAR, OLDEST_YEAR, monday_of
from partners.models import Site
from partners.permissions import AGENT_ROLES, RoleRequiredMixin

from .chosen_day import ChosenDay, chosen_day, quoted

WEEK = timedelta(days=7)
# States of people who are not received yet, or being received.
AWAITED = {"coming", "booked", "late", "arrived", "in_progress"}
_ISO_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


def chosen_week(asked: QueryDict, *, today: date) -> ChosenDay:
    """The Monday of `?semaine=2026-W14`, or the week of `?jour=2026-04-02`; the week of `today` without either."""
    text = asked.get("semaine", "").strip()
    if not text:
        chosen = chosen_day(asked, today=today)
        return ChosenDay(monday_of(chosen.day), chosen.refused)
    match = _ISO_WEEK.fullmatch(text)
    try:
        year, week = map(int, match.groups()) if match else (0, 0)
        if OLDEST_YEAR < year <= NEWEST_YEAR:
            return ChosenDay(date.fromisocalendar(year, week, 1))
    except ValueError:
        pass  # A week 60: refused like any other text, below.
    return ChosenDay(monday_of(today), refused=quoted(text))


@dataclass(frozen=True)
class ScheduleDay:
    """One civil day and what is held on it."""

    day: date
    permanences: list[PermanenceRow]


def by_day(rows: list[PermanenceRow]) -> list[ScheduleDay]:
    """The rows by civil day at their space, in order."""
    ordered = sorted(rows, key=lambda row: (row.day, row.span, row.pk))
    return [ScheduleDay(day, list(found)) for day, found in groupby(ordered, key=lambda row: row.day)]


def is_today(row: PermanenceRow, now: datetime) -> bool:
    """Whether `row` is held on the present civil day of its space."""
    return row.day == row.local(now).date()


def next_entry(rows: list[PermanenceRow], *, now: datetime) -> Entry | None:
    """Whoever is to be received now or next, of `rows`; nobody of a cancelled permanence."""
    coming = [
        entry
        for row in rows
        if not row.is_cancelled
        for entry in row.entries
        if entry.span.end > now and entry.appointment.state in AWAITED
    ]
    return min(coming, key=lambda entry: entry.span, default=None)


def to_fetch(rows: list[PermanenceRow]) -> Entry | None:
    """Who has waited longest: article 5 asks the agent to go and fetch the visitor in the space."""
    waiting = [entry for row in rows for entry in row.entries if entry.appointment.state == "arrived"]
    return min(waiting, key=lambda entry: entry.appointment.since, default=None)


def latest_today(own: PermanenceQuerySet) -> date:
    """The present civil date where the agent's caisse sits; at the space where the day began first, if they differ."""
    sites = Site.objects.filter(pk__in=own.values("site"))
    return max((site.today() for site in sites), default=timezone.localdate())


class MyScheduleView(RoleRequiredMixin, TemplateView):
    """Today first, with who is next; then the days to come of the week, then those that are past.

    A day is the civil day of each space, which are not all in one time zone. The partner is the account's: nothing
    in the address chooses it.
    """

    roles = AGENT_ROLES

    def get_template_names(self) -> list[str]:
        return ["bookings/_my_schedule.html" if self.request.htmx else "bookings/my_schedule.html"]

    def render_to_response(self, context: dict[str, object], **kwargs) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        # The same address gives the page or the part of it that is refreshed.
        patch_vary_headers(response, ["HX-Request"])
        return response

    def get_context_data(self, **kwargs) -> dict[str, object]:
        now = timezone.now()
        partner = self.request.user.partner
        own = Permanence.objects.visible_to(self.request.user).filter(partner=partner)
        today = latest_today(own)
        chosen = chosen_week(self.request.GET, today=today)
        monday, this_week = chosen.day, monday_of(today)
        rows = permanence_rows(own.on_days(monday, monday + WEEK - timedelta(days=1)), now=now)
        todays = [row for row in rows if is_today(row, now)]
        others = by_day([row for row in rows if not is_today(row, now)])
        is_this_week = monday == this_week
        following = None
        if not any(row.span.end > now and not row.is_cancelled for row in todays):
            following = self.following(own, rows, now=now)
        return super().get_context_data(
            partner=partner,
            week_label=week_label(monday),
            monday=monday,
            today=today,
            is_this_week=is_this_week,
            refused=chosen.refused,
            todays=todays,
            upcoming=next_entry(todays, now=now),
            to_fetch=to_fetch(todays),
            here=self.request.get_full_path(),
            now=now,
            is_empty=not rows,
            days_to_come=[found for found in others if not is_this_week or found.day >= today],
            days_past=[found for found in others if is_this_week and found.day < today],
            following=following,
            following_url=self.address(monday_of(following.day)) if following else "",
            zones_differ=len({row.place for row in rows}) > 1,
            total=sum(len(row.appointments) for row in rows if not row.is_cancelled),
            previous_url=self.address(monday - WEEK),
            next_url=self.address(monday + WEEK),
            this_week_url=reverse("bookings:my_schedule"),
            **kwargs,
        )

    def following(self, own: PermanenceQuerySet, rows: list[PermanenceRow], *, now: datetime) -> PermanenceRow | None:
        """The next permanence from now on that is held, if possible among the rows at hand."""
        coming = (row for row in rows if row.span.start > now and not row.is_cancelled)
        found = min(coming, key=lambda row: row.span, default=None)
        if found is None:
            later = own.standing().filter(during__startswith__gt=now)[:1]
            found = next(iter(permanence_rows(later, now=now)), None)
        return found

    def address(self, monday: date) -> str:
        """This page in another week, `?semaine=2026-W14`."""
        year, week, _ = monday.isocalendar()
        return f"{reverse('bookings:my_schedule')}?{urlencode({'semaine': f'{year}-W{week:02}'})}"
