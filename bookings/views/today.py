"""The day of a space on one screen."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView

from bookings.agenda import without_free_time
from bookings.board import cancelled_of, cards_of, counts_of, waiting_of
from bookings.board_markup import BoardCards
from bookings.desk_steps import ask_unsettled_count
from bookings.models import Permanence
from bookings.schedule_rows import SiteRows, next_open_day
from bookings.walk_ins import ask_counter
from franceservices.addresses import page_address
from franceservices.composed_queries import RoundTrip
from partners.calendars import ask_closed_days
from partners.permissions import DeskMixin

from .chosen_day import chosen_day

ONE_DAY = timedelta(days=1)


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
        trip = RoundTrip()
        closed_days = ask_closed_days(trip, self.site, day, day)
        read = SiteRows(trip, self.site, day, day, free_for=self.request.user, with_given_up=True)
        unsettled_count = ask_unsettled_count(trip, site=self.site, user=self.request.user)
        counter = None if self.request.htmx else ask_counter(trip, self.site, now.date())
        closed_because = closed_days().reason(day)
        rows = read.rows(now=now)
        # On a closed day nobody is to be booked, though a permanence may still stand in it.
        cards = cards_of(without_free_time(rows) if closed_because else rows, now=now)
        writer = BoardCards(here=self.address(day), csrf_token=lambda: get_token(self.request))
        following = self.following(day) if closed_because or not cards else None
        return super().get_context_data(
            day=day,
            is_today=day == now.date(),
            refused=chosen.refused,
            closed_because=closed_because,
            cards=cards,
            cards_markup=writer.of(cards),
            counts=counts_of(cards) if cards else [],
            waiting=waiting_of(cards),
            cancelled=cancelled_of(rows),
            unsettled_count=unsettled_count.count(),
            counter=counter() if counter else None,
            here=self.address(day),
            following=following,
            following_url=self.address(following) if following else "",
            previous_url=self.address(day - ONE_DAY),
            next_url=self.address(day + ONE_DAY),
            today_url=page_address("bookings:today"),
            week_url=f"{page_address('bookings:agenda')}?{urlencode({'jour': day.isoformat()})}",
            **kwargs,
        )

    def following(self, day: date) -> date | None:
        """The next day on which something is held and the space opens."""
        here = Permanence.objects.visible_to(self.request.user).filter(site=self.site)
        return next_open_day(here, site=self.site, after=day)

    def address(self, day: date) -> str:
        """This page on another day."""
        return f"{page_address('bookings:today')}?{urlencode({'jour': day.isoformat()})}"
