"""The page of the self-service computer: its month by reason, and its sessions."""

import re
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import View

from casefiles.computer import counts_by_reason, counts_of, sessions_between
from franceservices.dates import MONTHS, NEWEST_YEAR, OLDEST_YEAR, month_end
from partners.permissions import DeskMixin

SESSIONS_A_PAGE = 25
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def chosen_month(asked: str, *, today: date) -> date:
    """The first day of `2026-11`; of the month of `today` for anything else."""
    match = _MONTH.fullmatch(asked.strip())
    year, month = map(int, match.groups()) if match else (0, 0)
    if OLDEST_YEAR < year < NEWEST_YEAR and 1 <= month <= 12:
        return date(year, month, 1)
    return today.replace(day=1)


class ComputerView(DeskMixin, View):
    """How many came to the computer this month, for what, helped or by themselves."""

    def get(self, request: HttpRequest) -> HttpResponse:
        today = self.site.today()
        first = chosen_month(request.GET.get("mois", ""), today=today)
        last = month_end(first)
        sessions = sessions_between(self.site, first, last)
        named = sessions.select_related("reason", "partner", "noted_by")
        return render(
            request,
            "casefiles/computer.html",
            {
                "month": f"{MONTHS[first.month - 1]} {first.year}",
                "month_value": f"{first:%Y-%m}",
                "previous_url": self.month_url(first - timedelta(days=1)),
                "next_url": self.month_url(last + timedelta(days=1)),
                "this_month_url": reverse("casefiles:computer"),
                "is_this_month": first == today.replace(day=1),
                "totals": counts_of(sessions),
                "reasons": counts_by_reason(sessions),
                "page_obj": Paginator(named, SESSIONS_A_PAGE).get_page(request.GET.get("page")),
                "zone": self.site.zone,
            },
        )

    def month_url(self, day: date) -> str:
        return f"{reverse('casefiles:computer')}?mois={day:%Y-%m}"
