"""Who may open which kind of page. What a person may see on it is the affair of `visible_to(user)`.

A page that is not for somebody's role does not exist for her: 404, so that nothing is learnt by trying addresses.
"""

from collections.abc import Callable, Iterable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse

from .models import Role, Site

DESK_ROLES = frozenset({Role.RECEPTION, Role.SOCIAL_WORKER, Role.MANAGER, Role.ADMINISTRATOR})
OVERSEER_ROLES = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
CONVENTION_ROLES = OVERSEER_ROLES
AGENT_ROLES = frozenset({Role.PARTNER_AGENT})


def check_role(request: HttpRequest, roles: Iterable[Role]) -> None:
    """Raise Http404 unless the signed-in person has one of `roles`."""
    if request.user.role not in roles:
        raise Http404


def for_roles(roles: Iterable[Role]) -> Callable:
    """Decorate a function view that only people of `roles` may reach."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            check_role(request, roles)
            return view(request, *args, **kwargs)

        return checked

    return decorate


def current_site_or_404(request: HttpRequest) -> Site:
    """The space that the person works in. Raises Http404 for somebody without any."""
    site = request.get_current_site()
    if site is None:
        raise Http404
    return site


class RoleRequiredMixin:
    """A class-based view that only people of `roles` may reach."""

    roles: Iterable[Role] = frozenset()

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        check_role(request, self.roles)
        return super().dispatch(request, *args, **kwargs)


class DeskMixin(RoleRequiredMixin):
    """A page of the desk: for the CCAS's staff, at `self.site`; a person without any space is told so by a 404."""

    roles = DESK_ROLES
    site: Site

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        check_role(request, self.roles)
        self.site = current_site_or_404(request)
        return super().dispatch(request, *args, **kwargs)
