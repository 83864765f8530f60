"""The page behind the link of an invitation: its owner chooses a password, then signs in like everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from franceservices.secret_links import digest_of, not_stored
from partners.models import Invitation

from .forms import FirstPasswordForm
from .services import accept_invitation, invitations_open


@sensitive_post_parameters()
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the first password; one answer for a link that is unknown, used, withdrawn or too old.

    Opening the page changes nothing: programs that look at the links of messages do not use them up.
    """
    found = invitations_open().filter(token_digest=digest_of(token)).first()
    if found is None:
        return _dead(request)
    form = FirstPasswordForm(found.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return not_stored(render(request, "partners/invitation.html", {"form": form, "account": found.user}))
    try:
        accept_invitation(token=token, password=form.cleaned_data["new_password1"])
    except Invitation.DoesNotExist:
        return _dead(request)
    messages.success(request, "Votre mot de passe est choisi. Connectez-vous avec votre courriel.")
    return redirect("login")


def _dead(request: HttpRequest) -> HttpResponse:
    return not_stored(render(request, "partners/invitation_dead.html", status=404))
