"""The references of the measures, and the free times of a week without a page around them."""

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse

from bookings.free_times import free_times
from bookings.models import Reason
from partners.models import Role, Site, User


@login_not_required
def one_row(request: HttpRequest, reason_id: int) -> JsonResponse:
    """A bare Django view: one row by its key."""
    return JsonResponse({"label": Reason.objects.values_list("label", flat=True).get(pk=reason_id)})


def session_user(request: HttpRequest) -> JsonResponse:
    """Who is signed in: the session and the user, nothing else."""
    return JsonResponse({"email": request.user.email})


@login_not_required
def availability(request: HttpRequest, reason_id: int, site_id: int, ccas_id: int, monday: str) -> JsonResponse:
    """The free times of one week, as the second step of the booking page gets them; the site is known, as it is there.

    `?fuseau=` is the site's zone.
    """
    times = free_times(
        reason=Reason.objects.get(pk=reason_id),
        sites=[Site(pk=site_id, time_zone=request.GET["fuseau"])],
        user=User(role=Role.MANAGER, ccas_id=ccas_id),
        first_moment=datetime.fromisoformat(monday),
        days=7,
    )
    return JsonResponse({"count": len(times), "partners": len({time.permanence.partner_id for time in times})})
