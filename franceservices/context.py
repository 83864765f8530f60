"""What every page knows: the space it is shown for, its clock, and the places its reader can go to."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from .addresses import page_address
from .places import places_of


def space(request: HttpRequest) -> dict[str, object]:
    """Context of `base.html`; nothing is read from the database unless a template uses it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {
            "is_demo": settings.DEMO,
            "places": [],
            "pages": [],
            "available_sites": [],
            "current_site": None,
            "can_book": False,
        }
    site = SimpleLazyObject(request.get_current_site)
    return {
        "is_demo": settings.DEMO,
        "available_sites": request.available_sites,
        "current_site": site,
        "site_now": SimpleLazyObject(lambda: site.now() if site else timezone.localtime()),
        **places_of(request),
        "can_book": not user.is_partner_agent,
        "booking_url": page_address("bookings:book"),
        "search_url": page_address("bookings:visitor_list"),
    }
