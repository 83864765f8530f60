"""The messages sent to visitors: what left, what waits, what failed and may be tried again."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_POST

from bookings.forms import searchable
from bookings.models import Notification, NotificationChannel, NotificationKind, NotificationStatus
from bookings.sending import retry_notification
from franceservices.addresses import own_path
from franceservices.errors import DomainError
from franceservices.text import fold
from partners.permissions import DESK_ROLES, DeskMixin, for_roles

MESSAGES_A_PAGE = 25
LONGEST_SEARCH = 100


class NotificationFilterForm(forms.Form):
    """Which messages to list; every field is in the address."""

    q = forms.CharField(
        label="Nom, téléphone ou courriel",
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    etat = forms.ChoiceField(
        label="État",
        required=False,
        choices=[("", "Tous"), *NotificationStatus.choices],
        error_messages={"invalid_choice": "Choisissez un état de la liste."},
    )
    nature = forms.ChoiceField(
        label="Nature",
        required=False,
        choices=[("", "Toutes"), *NotificationKind.choices],
        error_messages={"invalid_choice": "Choisissez une nature de la liste."},
    )
    canal = forms.ChoiceField(
        label="Canal",
        required=False,
        choices=[("", "Tous"), *NotificationChannel.choices],
        error_messages={"invalid_choice": "Choisissez un canal de la liste."},
    )


class NotificationListView(DeskMixin, View):
    """The messages of the space, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = NotificationFilterForm(request.GET)
        form.is_valid()
        rows = self.filtered(form.cleaned_data).select_related(
            "site", "appointment__site", "appointment__partner", "appointment__visitor"
        )
        return render(
            request,
            "bookings/notification_list.html",
            {
                "form": form,
                "page_obj": Paginator(rows, MESSAGES_A_PAGE).get_page(request.GET.get("page")),
                "is_filtered": any(form.cleaned_data.values()),
            },
        )

    def filtered(self, wanted: dict[str, str]) -> QuerySet[Notification]:
        """Those that answer to every readable filter; an unreadable one is told in the form and left aside."""
        found = Notification.objects.visible_to(self.request.user).filter(site=self.site)
        columns = {"etat": "status", "nature": "kind", "canal": "channel"}
        found = found.filter(**{column: wanted[name] for name, column in columns.items() if wanted.get(name)})
        for word in fold(searchable(wanted.get("q", "")[:LONGEST_SEARCH])).split():
            clause = Q(appointment__visitor__folded_name__contains=word) | Q(recipient__icontains=word)
            digits = "".join(character for character in word if character.isdigit())
            if len(digits) >= 3:
                clause |= Q(recipient__contains=digits.removeprefix("0"))
            found = found.filter(clause)
        return found


@require_POST
@for_roles(DESK_ROLES)
def notification_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a failed message again."""
    notification = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    try:
        retry_notification(notification=notification, by=request.user)
    except DomainError as error:
        messages.error(request, f"{error.message} Rien n’a été changé.")
    else:
        messages.success(request, "Le message est de nouveau en file. Son résultat s’affichera ici.")
    return redirect(own_path(request.POST.get("next"), request, otherwise=reverse("bookings:notification_list")))
