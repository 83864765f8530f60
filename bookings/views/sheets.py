"""Sheets to print: the week on an office's door, the people of a partner's day."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from bookings.models import Permanence
from bookings.sheets import day_list as day_list_of
from bookings.sheets import day_list_pdf, office_sheet_pdf
from bookings.sheets import office_sheet as office_sheet_of
from franceservices.dates import monday_of
from franceservices.pdf import pdf_response
from franceservices.secret_links import not_stored
from partners.models import Office, Partner
from partners.permissions import AGENT_ROLES, DESK_ROLES, current_site_or_404, for_roles

from .chosen_day import chosen_day
from .schedule import latest_today


@require_safe
@for_roles(DESK_ROLES)
def office_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The week of `?jour=` in an office, to put on its door."""
    office = get_object_or_404(Office.objects.visible_to(request.user).select_related("site__ccas"), pk=pk)
    today = office.site.today()
    monday = monday_of(chosen_day(request.GET, today=today).day)
    content = office_sheet_pdf(office_sheet_of(office, monday), organisation=office.site.ccas.name, printed_on=today)
    return pdf_response(content, f"{office.full_label} semaine du {monday:%Y-%m-%d}")


@require_safe
@for_roles(DESK_ROLES)
def day_list(request: HttpRequest) -> HttpResponse:
    """The people whom the partner `?partenaire=` (slug) receives at the space on `?jour=`."""
    site = current_site_or_404(request)
    permanences = Permanence.objects.visible_to(request.user).filter(site=site)
    partner = partner_or_404(request.GET.get("partenaire", ""), permanences=permanences)
    day = chosen_day(request.GET, today=site.today()).day
    content = day_list_pdf(
        day_list_of(partner, day, permanences=permanences),
        organisation=site.ccas.name,
        place=site.name,
        printed_on=site.today(),
    )
    return not_stored(pdf_response(content, f"{partner.short_name} {day:%Y-%m-%d}"))


def partner_or_404(slug: str, *, permanences) -> Partner:
    """The partner of that slug among those of `permanences`."""
    if "\x00" in slug:
        raise Http404
    return get_object_or_404(Partner, slug=slug, pk__in=permanences.order_by().values("partner"))


@require_safe
@for_roles(AGENT_ROLES)
def my_day_list(request: HttpRequest) -> HttpResponse:
    """The people whom the agent's own caisse receives on `?jour=`, in all spaces; nothing else can be asked for."""
    partner = request.user.partner
    permanences = Permanence.objects.visible_to(request.user).filter(partner=partner)
    today = latest_today(permanences)
    day = chosen_day(request.GET, today=today).day
    content = day_list_pdf(
        day_list_of(partner, day, permanences=permanences),
        organisation=partner.name,
        place="Espaces France Services",
        printed_on=today,
    )
    return not_stored(pdf_response(content, f"{partner.short_name} {day:%Y-%m-%d}"))
