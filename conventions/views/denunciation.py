"""Denouncing a convention: what it would do is shown first, then done; and taking it back."""

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views import View
from django.views.decorators.http import require_http_methods

from conventions.denunciation import Denunciation, denounce_convention, withdraw_denunciation
from conventions.denunciation_forms import DenunciationForm
from conventions.grid import GridAnswer
from conventions.history import clause_readings
from conventions.models import Convention
from franceservices.dates import format_date_long
from franceservices.errors import DomainError
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, for_roles


@dataclass(frozen=True)
class Answer:
    """What a floor above answers, read before the transaction that made it so is undone."""

    summary: str
    details: tuple[str, ...]
    next_step: tuple[str, str] | None


class DenounceView(RoleRequiredMixin, View):
    """The form, then its preview, then the denunciation itself. Only the last step writes."""

    roles = CONVENTION_ROLES

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = _found(request, pk)
        return self.form_page(convention, DenunciationForm(convention=convention))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        convention = _found(request, pk)
        form = DenunciationForm(request.POST, convention=convention)
        step = request.POST.get("step")
        if not form.is_valid() or step == "edit":
            return self.form_page(convention, form)
        try:
            if step == "confirm":
                return self.confirmed(convention, form)
            return self.preview(convention, form)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self.form_page(convention, form)

    def form_page(self, convention: Convention, form: DenunciationForm) -> HttpResponse:
        context = {
            "convention": convention,
            "form": form,
            "clause_readings": clause_readings(convention, today=convention.site.today()),
        }
        return render(self.request, "conventions/denunciation_form.html", context)

    def preview(self, convention: Convention, form: DenunciationForm, *, changed: bool = False) -> HttpResponse:
        """Do all of it, read what became of the dates, and undo it: the preview is the very truth of the moment."""
        with transaction.atomic():
            done = self.denounced(convention, form)
            answers = read_answers(done.answers)
            transaction.set_rollback(True)
        context = {
            "convention": convention,
            "form": form,
            "effect": done.effect,
            "answers": answers,
            "statements": done.statements,
            "changed": changed,
        }
        return render(self.request, "conventions/denunciation_preview.html", context)

    def confirmed(self, convention: Convention, form: DenunciationForm) -> HttpResponse:
        with transaction.atomic():
            done = self.denounced(convention, form)
            shown = self.request.POST.get("shown_ends_on") == done.effect.ends_on.isoformat()
            transaction.set_rollback(not shown)
        if not shown:
            return self.preview(convention, form, changed=True)
        said = [
            f"Dénonciation enregistrée\u00a0: la convention se termine le {format_date_long(done.effect.ends_on)}.",
            *(answer.summary() for answer in done.answers),
        ]
        undo = reverse("conventions:convention_withdraw_denunciation", args=[convention.pk])
        messages.success(self.request, " ".join(said), extra_tags=undo)
        for answer in read_answers(done.answers):
            if answer.next_step is not None:
                label, address = answer.next_step
                what = "Des rendez-vous pris après cette date attendent une autre heure."
                messages.warning(self.request, format_html('{} <a href="{}">{}</a>', what, address, label))
        for statement in done.statements:
            correct = reverse("conventions:statement_correct", args=[statement.pk])
            what = f"L’état liquidatif n°\u00a0{statement.label} compte des jours après le dernier jour."
            messages.warning(self.request, format_html('{} <a href="{}">Le corriger</a>', what, correct))
        return redirect("conventions:convention_detail", pk=convention.pk)

    def denounced(self, convention: Convention, form: DenunciationForm) -> Denunciation:
        return denounce_convention(convention=convention, by=self.request.user, **form.cleaned_data)


@for_roles(CONVENTION_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def convention_withdraw_denunciation(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take the denunciation back."""
    convention = _found(request, pk)
    if request.method != "POST":
        return render(request, "conventions/denunciation_withdraw.html", {"convention": convention})
    try:
        answers = withdraw_denunciation(convention=convention, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("conventions:convention_detail", pk=pk)
    said = ["Dénonciation retirée\u00a0: la convention court de nouveau jusqu’au terme convenu."]
    said += [sentence for answer in read_answers(answers) for sentence in (answer.summary, *answer.details)]
    messages.success(request, " ".join(said))
    return redirect("conventions:convention_detail", pk=pk)


def read_answers(answers: list[GridAnswer] | tuple[GridAnswer, ...]) -> list[Answer]:
    """The sentences of `answers`, in a form that outlives their transaction."""
    return [Answer(answer.summary(), tuple(answer.details()), answer.next_step()) for answer in answers]


def _found(request: HttpRequest, pk: int) -> Convention:
    return get_object_or_404(Convention.objects.visible_to(request.user).with_parties(), pk=pk)
