"""The week of a space, as a grid or as a table."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.views.generic import TemplateView

from bookings.agenda import Agenda, PermanenceRow, build_agenda, week_label
from bookings.agenda_markup import agenda_grid, agenda_table, options
from bookings.models import Permanence
from bookings.models.permanence import PermanenceQuerySet
from bookings.schedule_rows import SiteRows, ask_opening, next_open_day
from franceservices.addresses import page_address
from franceservices.composed_queries import ComposedQuery, Given, RoundTrip
from franceservices.dates import monday_of
from partners.calendars import ClosedDays, ask_closed_days, civil_days
from partners.models import Office, Partner
from partners.models.office import full_label
from partners.permissions import DeskMixin

from .chosen_day import chosen_day, quoted

WEEK = timedelta(days=7)
_PARTNERS = ComposedQuery(
    lambda: Partner.objects.filter(
        Exists(Permanence.objects.filter(site=Given("site"), partner=OuterRef("pk")))
    ).values_list("slug", "short_name")
)
_OFFICES = ComposedQuery(lambda: Office.objects.filter(site=Given("site")).values_list("pk", "label"))
# The days that are shown though nothing happens on them: Monday to Friday.
USUAL_LAST_DAY = 5


def week_of(
    rows: list[PermanenceRow], *, opening: dict[date, list[tuple[time, time]]], closed: ClosedDays, now: datetime
) -> Agenda:
    """The agenda of `rows` on the days of `opening`, a whole week in order."""
    busy_days = [row.day for row in rows] + [day for day, hours in opening.items() if hours]
    last_day = max([USUAL_LAST_DAY, *(day.isoweekday() for day in busy_days)])
    days = list(opening)[:last_day]
    return build_agenda(
        days=days,
        permanences=rows,
        opening={day: opening[day] for day in days},
        closed_because={day: reason for day in days if (reason := closed.reason(day))},
        now=now,
    )


class AgendaView(DeskMixin, TemplateView):
    """Monday to Friday, and the days of the week-end on which something is held or the space opens.

    `?jour=` names any day of the week to show, `partenaire` (slug) and `bureau` (id) narrow it down, `vue=tableau`
    shows the same as a table.
    """

    template_name = "bookings/agenda.html"

    def get_context_data(self, **kwargs) -> dict[str, object]:
        now = self.site.now()
        chosen = chosen_day(self.request.GET, today=now.date())
        self.monday = monday_of(chosen.day)
        self.is_table = self.request.GET.get("vue") == "tableau"
        this_week = monday_of(now.date())
        notices = []
        if chosen.refused:
            notices.append(f"«\u00a0{chosen.refused}\u00a0» n’est pas une date\u00a0: voici la semaine en cours.")
        sunday = self.monday + WEEK - timedelta(days=1)
        trip = RoundTrip()
        choices = self.ask_choices(trip)
        read = SiteRows(trip, self.site, self.monday, sunday, free_for=self.request.user)
        opening = ask_opening(trip, self.site, civil_days(self.monday, sunday))
        closed_days = ask_closed_days(trip, self.site, self.monday, sunday)
        partners, offices = choices()
        self.partner = self.choice("partenaire", partners, notices)
        self.office = self.choice("bureau", offices, notices)
        rows = read.rows(now=now, partner_slug=self.partner, office_id=int(self.office) if self.office else None)
        agenda = week_of(rows, opening=opening(), closed=closed_days(), now=now)
        later = next_open_day(self.permanences(), site=self.site, after=sunday) if agenda.is_empty else None
        return super().get_context_data(
            agenda=agenda,
            grid="" if self.is_table else agenda_grid(agenda, now=now),
            table=agenda_table(agenda) if self.is_table else "",
            is_table=self.is_table,
            week_label=week_label(self.monday),
            chosen=chosen.day,
            today=now.date(),
            is_this_week=self.monday == this_week,
            partner_options=options(partners, chosen=self.partner),
            partner=self.partner,
            office_options=options(offices, chosen=self.office),
            office=self.office,
            notices=notices,
            later=later,
            later_url=self.address(monday=monday_of(later)) if later else "",
            previous_url=self.address(monday=self.monday - WEEK),
            next_url=self.address(monday=self.monday + WEEK),
            this_week_url=self.address(monday=this_week),
            grid_url=self.address(table=False),
            table_url=self.address(table=True),
            unfiltered_url=self.address(filtered=False),
            **kwargs,
        )

    def permanences(self) -> PermanenceQuerySet:
        """Those of the space that the filters let through, whatever the week."""
        found = Permanence.objects.visible_to(self.request.user).filter(site=self.site)
        if self.partner:
            found = found.filter(partner__slug=self.partner)
        if self.office:
            found = found.filter(office_id=int(self.office))
        return found

    def ask_choices(self, trip: RoundTrip) -> Callable[[], tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
        """For the filters: the partners that ever come to this space, and its rooms."""
        partners, offices = trip.ask(_PARTNERS, site=self.site.pk), trip.ask(_OFFICES, site=self.site.pk)
        return lambda: (partners.rows(), [(str(pk), full_label(label)) for pk, label in offices.rows()])

    def choice(self, name: str, choices: list[tuple[str, str]], notices: list[str]) -> str:
        """What the address asks for if it is among `choices`, else nothing, and a sentence about it."""
        asked = self.request.GET.get(name, "").strip()
        if not asked or any(asked == value for value, _ in choices):
            return asked
        notices.append(f"«\u00a0{quoted(asked)}\u00a0» n’est pas un {name} de cet espace\u00a0: tous sont affichés.")
        return ""

    def address(self, *, monday: date | None = None, table: bool | None = None, filtered: bool = True) -> str:
        """This page with another week, another presentation, or without the filters; the rest as it is."""
        asked = {
            "jour": (monday or self.monday).isoformat(),
            "partenaire": self.partner if filtered else "",
            "bureau": self.office if filtered else "",
            "vue": "tableau" if (self.is_table if table is None else table) else "",
        }
        return f"{page_address('bookings:agenda')}?{urlencode({name: value for name, value in asked.items() if value})}"
