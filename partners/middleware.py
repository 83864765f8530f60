"""Which space a member of staff is working in; chosen in the top bar, kept in the session."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from .models import Site
from .visible_queries import VisibleQuery

SESSION_KEY = "current_site_id"
# Nearly every page of the staff asks for them.
_AVAILABLE = VisibleQuery(
    lambda user: Site.objects.visible_to(user).filter(is_active=True).select_related("ccas"), prepared=True
)


def available_sites(request: HttpRequest) -> list[Site]:
    """The active desks of the signed-in person, by name; empty for strangers and partners' agents."""
    if not request.user.is_authenticated:
        return []
    return _AVAILABLE.instances(request.user)


def chosen_site(sites: list[Site], site_id: int | None) -> Site | None:
    """The site of that id if it is among `sites`, else the first, else None."""
    return next((site for site in sites if site.pk == site_id), sites[0] if sites else None)


class CurrentSiteMiddleware:
    """Sets `request.available_sites` and `request.current_site`, both read from the database only when used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sites = SimpleLazyObject(lambda: available_sites(request))
        request.available_sites = sites
        request.get_current_site = lambda: chosen_site(sites, request.session.get(SESSION_KEY))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Show the moments of the admin, whose pages name no zone, by the clock of the space one works in."""
        if request.resolver_match.app_name == "admin":
            site = request.get_current_site()
            if site is not None:
                timezone.activate(site.zone)
