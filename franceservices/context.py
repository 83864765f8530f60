"""What every page knows: the space it is shown for, its clock, and the places its reader can go to."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

# (label, URL name, path prefix that makes it current); a place is shown only to those who may go there.
CONVENTIONS = ("Conventions", "conventions:convention_list", "/conventions/")
STAFF_PLACES = [
    ("Aujourd’hui", "bookings:today", "/aujourdhui/"),
    ("Agenda", "bookings:agenda", "/agenda/"),
    ("Usagers", "bookings:visitor_list", "/usagers/"),
    CONVENTIONS,
]
AGENT_PLACES = [("Mon planning", "bookings:my_schedule", "/mon-planning/")]


@dataclass(frozen=True)
class Place:
    """One entry of the navigation."""

    label: str
    url: str
    is_current: bool


def _places(request: HttpRequest) -> list[Place]:
    entries = AGENT_PLACES if request.user.is_partner_agent else STAFF_PLACES
    if not request.user.oversees_ccas:
        entries = [entry for entry in entries if entry is not CONVENTIONS]
    return [Place(label, reverse(name), is_current=request.path.startswith(prefix)) for label, name, prefix in entries]


def space(request: HttpRequest) -> dict[str, object]:
    """Context of `base.html`; nothing is read from the database unless a template uses it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {
            "is_demo": settings.DEMO,
            "places": [],
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
        "places": _places(request),
        "can_book": not user.is_partner_agent,
        "booking_url": reverse("bookings:book"),
        "search_url": reverse("bookings:visitor_list"),
    }
