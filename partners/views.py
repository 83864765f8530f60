"""Sign-in, the way home, the choice of a space, and the pages that belong to no floor."""

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from franceservices.addresses import own_path

from .demo import DEMO_ACCOUNTS
from .middleware import SESSION_KEY
from .proconnect.configuration import configuration
from .proconnect.session import is_left_open
from .sign_in_forms import SignInForm


class SignInView(LoginView):
    """E-mail address and password, then the second factor where there is one; the demonstration names its accounts.

    ProConnect is offered beside them where it is set up.
    """

    form_class = SignInForm
    extra_context = {"demo_accounts": DEMO_ACCOUNTS if settings.DEMO else []}

    def get_context_data(self, **kwargs) -> dict[str, object]:
        return {
            **super().get_context_data(**kwargs),
            "proconnect_is_offered": configuration() is not None,
            "proconnect_is_left_open": is_left_open(self.request),
        }


@login_not_required
@require_GET
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Where the admin sends whoever may not open it: strangers to the sign-in page, the others to a 404."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
    if not request.user.is_staff:
        raise Http404
    return redirect("admin:index")


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Each person's first page: her own schedule for a partner's agent, the day of the space for staff.

    While there is no space, an administrator comes to where the first one is made.
    """
    if request.user.is_staff and not request.available_sites:
        return redirect("admin:index")
    return redirect("bookings:my_schedule" if request.user.is_partner_agent else "bookings:today")


@require_POST
def site_switch(request: HttpRequest) -> HttpResponse:
    """Work in another of one's spaces; a space out of one's perimeter is a 404."""
    chosen = next(
        (site for site in request.available_sites if str(site.pk) == request.POST.get("site")),
        None,
    )
    if chosen is None:
        raise Http404
    request.session[SESSION_KEY] = chosen.pk
    return redirect(own_path(request.POST.get("next"), request, otherwise=reverse("home")))


@login_not_required
def no_such_page(request: HttpRequest) -> HttpResponse:
    """Where allauth would let people sign up or change their address: a 404 for everybody."""
    raise Http404


@login_not_required
@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement, readable without an account."""
    return render(request, "accessibility.html")
