"""The week of a space, as a grid or as a table."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.views.generic import TemplateView

from bookings.agenda import Agenda, build_agenda, week_label
from bookings.agenda_markup import agenda_grid, agenda_table
from bookings.models import Permanence
from bookings.models.permanence import PermanenceQuerySet
from bookings.schedule_rows import next_open_day, opening_by_day, permanence_rows
from franceservices.dates import monday_of
from partners.calendars import civil_days, closed_days
from partners.models import Office, Partner
from partners.permissions import DeskMixin

from .chosen_day import chosen_day, quoted

WEEK = timedelta(days=7)
# The days that are shown though nothing happens on them: Monday to Friday.
USUAL_LAST_DAY = 5


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
        partners, offices = self.partners(), self.offices()
        self.partner = self.choice("partenaire", partners, notices)
        self.office = self.choice("bureau", offices, notices)
        permanences = self.permanences()
        agenda = self.week(permanences, now=now)
        later = None
        if agenda.is_empty:
            later = next_open_day(permanences, site=self.site, after=self.monday + WEEK - timedelta(days=1))
        return super().get_context_data(
            agenda=agenda,
            grid="" if self.is_table else agenda_grid(agenda, now=now),
            # On paper the table stands for a grid that is too wide to be read there.
            table=agenda_table(agenda) if self.is_table or not agenda.fits_on_paper else "",
            is_table=self.is_table,
            week_label=week_label(self.monday),
            chosen=chosen.day,
            today=now.date(),
            is_this_week=self.monday == this_week,
            partners=partners,
            partner=self.partner,
            offices=offices,
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

    def week(self, permanences: PermanenceQuerySet, *, now) -> Agenda:
        """The agenda of the chosen week."""
        sunday = self.monday + WEEK - timedelta(days=1)
        rows = permanence_rows(permanences.on_days(self.monday, sunday), now=now, free_for=self.request.user)
        whole_week = list(civil_days(self.monday, sunday))
        opening = opening_by_day(self.site, whole_week)
        busy_days = [row.day for row in rows] + [day for day in whole_week if opening[day]]
        last_day = max([USUAL_LAST_DAY, *(day.isoweekday() for day in busy_days)])
        closed = closed_days([self.site], self.monday, sunday)[self.site.pk]
        days = whole_week[:last_day]
        return build_agenda(
            days=days,
            permanences=rows,
            opening={day: opening[day] for day in days},
            closed_because={day: reason for day in days if (reason := closed.reason(day))},
            now=now,
        )

    def partners(self) -> list[tuple[str, str]]:
        """The partners that ever come to this space, for the filter."""
        found = Partner.objects.visible_to(self.request.user).filter(
            Exists(Permanence.objects.filter(site=self.site, partner=OuterRef("pk")))
        )
        return [(partner.slug, partner.short_name) for partner in found]

    def offices(self) -> list[tuple[str, str]]:
        """The rooms of this space, for the filter."""
        return [(str(office.pk), office.full_label) for office in Office.objects.filter(site=self.site)]

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
        return f"{reverse('bookings:agenda')}?{urlencode({name: value for name, value in asked.items() if value})}"
