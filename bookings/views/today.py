"""The day of a space on one screen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.views.generic import TemplateView

from bookings.agenda import Entry, PermanenceRow, entries_of
from bookings.board_markup import BoardLines
from bookings.desk_steps import unsettled
from bookings.models import Appointment, AppointmentStatus, Permanence
from bookings.schedule_rows import next_open_day, permanence_rows
from bookings.walk_ins import counter
from franceservices.dates import format_duration
from partners.calendars import closed_days
from partners.permissions import DeskMixin

from .chosen_day import chosen_day

ONE_DAY = timedelta(days=1)
SHOWN_OF_CANCELLED = (
    *("site", "during", "cancelled_for", "partner__short_name", "visitor__first_name", "visitor__last_name"),
    *("social_worker__first_name", "social_worker__last_name", "social_worker__email"),
)


@dataclass(frozen=True)
class Line:
    """One line of a card: an appointment, or free time; `is_now` where the appointment's hour has come."""

    entry: Entry
    is_now: bool


@dataclass(frozen=True)
class Part:
    """One permanence of a card, its lines in order, and what writes them."""

    permanence: PermanenceRow
    lines: list[Line]
    writer: BoardLines

    @property
    def markup(self) -> SafeString:
        return self.writer.of((line.entry, line.is_now) for line in self.lines)


@dataclass(frozen=True)
class Card:
    """A partner in an office: all that they hold there in the day, morning and afternoon."""

    parts: list[Part]

    @property
    def first(self) -> PermanenceRow:
        return self.parts[0].permanence

    @property
    def hours(self) -> str:
        """`8h30–12h30`, of the only permanence; empty where each part names its own."""
        return self.first.hours if len(self.parts) == 1 else ""


def cards_of(permanences: Iterable[PermanenceRow], *, now: datetime, writer: BoardLines) -> list[Card]:
    """One card for each partner and office, by the hour at which they begin."""
    parts: dict[tuple[str, str], list[Part]] = {}
    for row in permanences:
        lines = [
            Line(entry, is_now=entry.appointment is not None and entry.appointment.is_at(now))
            for entry in entries_of(row, now=now)
        ]
        parts.setdefault((row.partner_slug, row.office), []).append(Part(row, lines, writer))
    return [Card(found) for found in parts.values()]


COUNTED = {
    "arrived": "en attente",
    "late": "en retard",
    "in_progress": "en entretien",
    "booked": ("attendu maintenant", "attendus maintenant"),
    "coming": "à venir",
    "warning": "à replacer",
    "honoured": ("reçu", "reçus"),
    "no_show": ("absent", "absents"),
}


def counts_of(cards: Iterable[Card]) -> list[str]:
    """`5 à venir`, `2 reçus`… and the time that is left to book."""
    states: Counter[str] = Counter()
    free = timedelta()
    for line in (line for card in cards for part in card.parts for line in part.lines):
        if line.entry.appointment is None:
            free += line.entry.span.end - line.entry.span.start
        else:
            states[line.entry.appointment.state] += 1
    total = sum(states.values())
    counts = [f"{total} rendez-vous" if total else "aucun rendez-vous"]
    for state, words in COUNTED.items():
        if number := states[state]:
            counts.append(f"{number} {words if isinstance(words, str) else words[number > 1]}")
    if free:
        counts.append(f"{format_duration(int(free.total_seconds()) // 60)} libres")
    return counts


def waiting_of(cards: Iterable[Card]) -> list[Entry]:
    """Who waits, the longest first."""
    entries = (line.entry for card in cards for part in card.parts for line in part.lines)
    waiting = (entry for entry in entries if entry.appointment is not None and entry.appointment.state == "arrived")
    return sorted(waiting, key=lambda entry: entry.appointment.since)


class TodayView(DeskMixin, TemplateView):
    """The board of a space: the day's permanences side by side, who waits, what was cancelled, and the counter.

    `?jour=` shows another day. htmx gets the board alone, which the page asks for again every few seconds.
    """

    def get_template_names(self) -> list[str]:
        return ["bookings/_board.html" if self.request.htmx else "bookings/today.html"]

    def render_to_response(self, context: dict[str, object], **kwargs) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        # The same address gives the page or the board alone.
        patch_vary_headers(response, ["HX-Request"])
        return response

    def get_context_data(self, **kwargs) -> dict[str, object]:
        now = self.site.now()
        chosen = chosen_day(self.request.GET, today=now.date())
        day = chosen.day
        here = Permanence.objects.visible_to(self.request.user).filter(site=self.site)
        closed_because = closed_days([self.site], day, day)[self.site.pk].reason(day)
        cards = cards_of(
            permanence_rows(here.on_days(day, day), now=now, free_for=None if closed_because else self.request.user),
            now=now,
            writer=BoardLines(here=self.address(day), csrf_token=lambda: get_token(self.request)),
        )
        following = next_open_day(here, site=self.site, after=day) if closed_because or not cards else None
        return super().get_context_data(
            day=day,
            is_today=day == now.date(),
            refused=chosen.refused,
            closed_because=closed_because,
            cards=cards,
            counts=counts_of(cards) if cards else [],
            waiting=waiting_of(cards),
            cancelled=self.cancelled(day),
            unsettled_count=unsettled(site=self.site, user=self.request.user).count(),
            counter=None if self.request.htmx else counter(self.site, now.date()),
            here=self.address(day),
            following=following,
            following_url=self.address(following) if following else "",
            previous_url=self.address(day - ONE_DAY),
            next_url=self.address(day + ONE_DAY),
            today_url=reverse("bookings:today"),
            week_url=f"{reverse('bookings:agenda')}?{urlencode({'jour': day.isoformat()})}",
            **kwargs,
        )

    def cancelled(self, day: date) -> list[Appointment]:
        """What was given up of this day and not rebooked, with on whose side."""
        found = (
            Appointment.objects.visible_to(self.request.user)
            .filter(site=self.site, permanence__day=day, status=AppointmentStatus.CANCELLED, rebooked_as=None)
            .select_related("visitor", "social_worker", "partner")
            .only(*SHOWN_OF_CANCELLED)
            .order_by("during", "pk")
        )
        appointments = list(found)
        for appointment in appointments:
            appointment.site = self.site
        return appointments

    def address(self, day: date) -> str:
        """This page on another day."""
        return f"{reverse('bookings:today')}?{urlencode({'jour': day.isoformat()})}"
