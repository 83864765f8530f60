"""Changing dates: what would be touched is shown first, then all of it is carried out, or none."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View

from bookings.change_forms import (
    AbsenceForm,
    AdditionForm,
    Choices,
    ClosureForm,
    OfficeOutageForm,
    PeriodForm,
    PermanenceChangeForm,
    ReasonedForm,
    holidays_ahead,
)
from bookings.errors import SituationChanged, TimeTaken
from bookings.exceptional_dates import add_permanence
from bookings.free_times import FreeTime
from bookings.impact import Decision, Impact, impact_of
from bookings.models import Appointment, Permanence, PermanenceStatus, ScheduleChange, ScheduleChangeKind
from bookings.schedule_changes import Settlement, absence_of, carry_out, signal_absence, sites_of_absence
from franceservices.dates import format_date_long, join_fr
from franceservices.errors import DomainError
from partners.models import SchoolHoliday, Site
from partners.permissions import AGENT_ROLES, DeskMixin, RoleRequiredMixin

UNDECIDED = "Choisissez que faire de chaque rendez-vous, pour tous ou un par un."
PROPOSAL_TAKEN = (
    "Une des heures proposées vient d’être prise. Rien n’a été fait\u00a0: les propositions sont à jour,"
    " vos choix sont conservés."
)


@dataclass(frozen=True)
class Leaver:
    """One appointment that would lose its time: the next free one, and what was chosen for it so far."""

    appointment: Appointment
    proposal: FreeTime | None
    choice: str


def with_holiday(sent, holidays: list[SchoolHoliday]) -> dict[str, object] | None:
    """The fields as typed, with the days of the school holidays whose button was clicked; None when none was."""
    clicked = next((found for found in holidays if str(found.pk) == sent.get("period")), None)
    if clicked is None:
        return None
    return {**sent.dict(), "starts_on": clicked.starts_on.isoformat(), "ends_on": clicked.ends_on.isoformat()}


class ChangeView(DeskMixin, View):
    """One kind of change: its form, then its preview, then carrying it out. Only the last step writes."""

    form_class: type[ReasonedForm]
    title = ""
    hint = ""
    offers_holidays = False

    def get(self, request: HttpRequest, **kwargs) -> HttpResponse:
        self.find(**kwargs)
        initial = {"partner": request.GET["partenaire"]} if request.GET.get("partenaire", "").isdigit() else {}
        return self.form_page(self.form(initial=initial))

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        self.find(**kwargs)
        filled = with_holiday(request.POST, self.holidays) if self.offers_holidays else None
        if filled is not None:
            return self.form_page(self.form(initial=filled))
        form = self.form(request.POST)
        step = request.POST.get("step")
        if not form.is_valid() or step == "edit":
            return self.form_page(form)
        decision = form.decision()
        return self.confirmed(form, decision) if step == "confirm" else self.preview(form, decision)

    def find(self, **kwargs) -> None:
        """What the address is about; nothing, for changes of the whole space."""

    def form(self, data=None, **more) -> ReasonedForm:
        return self.form_class(data, site=self.site, today=self.site.today(), **more)

    @property
    def holidays(self) -> list[SchoolHoliday]:
        return holidays_ahead([self.site.school_zone], self.site.today())

    def form_page(self, form: ReasonedForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "title": self.title,
            "hint": self.hint,
            "holidays": self.holidays if self.offers_holidays else [],
            "permanence": None,
            "back_url": reverse("bookings:schedule_change_list"),
            "button": "Voir ce que cela change",
        }
        return render(self.request, "bookings/change_form.html", context | self.more_context(), status=status)

    def more_context(self) -> dict[str, object]:
        return {}

    def preview(
        self,
        form: ReasonedForm,
        decision: Decision,
        *,
        choices: Choices | None = None,
        refusal: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """The dates and the people, and what is to become of each; the form goes along as hidden fields."""
        impact = impact_of(decision)
        choices = choices or Choices()
        context = {
            "form": form,
            "title": self.title,
            "impact": impact,
            "decision": decision,
            "leavers": [
                Leaver(found, impact.proposals.get(found.pk), choices.one_by_one.get(found.pk, ""))
                for found in impact.leaving
            ],
            "choices": choices,
            "settlements": Settlement.choices,
            "refusal": refusal,
            "without_proposal": len(impact.leaving) - len(impact.proposals),
            "back_url": reverse("bookings:schedule_change_list"),
        }
        return render(self.request, "bookings/change_preview.html", context | self.more_context(), status=status)

    def confirmed(self, form: ReasonedForm, decision: Decision) -> HttpResponse:
        leaving = impact_of(decision, proposes=False).leaving
        choices = Choices.of(self.request.POST, leaving)
        settled = choices.settled(leaving)
        signature = self.request.POST.get("signature", "")
        refusal = ""
        try:
            if len(settled) < len(leaving):
                # People who came meanwhile have no choice yet: that is said as such, not as an answer forgotten.
                seen = self.request.POST.get("people", "")
                raise SituationChanged if seen != str(len(leaving)) else DomainError(UNDECIDED)
            change = carry_out(decision=decision, settled=settled, signature=signature, by=self.request.user)
        except TimeTaken:
            refusal = PROPOSAL_TAKEN
        except DomainError as error:
            refusal = error.message
        except Permanence.DoesNotExist:
            refusal = SituationChanged().message
        if refusal:
            return self.preview(form, decision, choices=choices, refusal=refusal, status=409)
        messages.success(
            self.request,
            f"{change.get_kind_display()}\u00a0: {done_sentence(change, settled.values())}",
            extra_tags=reverse("bookings:schedule_change_undo", args=[change.pk]),
        )
        return redirect("bookings:schedule_change_detail", change.pk)


def done_sentence(change: ScheduleChange, settled) -> str:
    """`3 permanences changées, 2 rendez-vous déplacés, 1 à replacer.`, for the message that follows."""
    dates = change.revisions.count()
    told = [f"{dates} permanence{'s' if dates > 1 else ''} concernée{'s' if dates > 1 else ''}"]
    moved = sum(1 for one in settled if one.choice == Settlement.REBOOK and one.time)
    cancelled = sum(1 for one in settled if one.choice == Settlement.CANCEL)
    later = len(settled) - moved - cancelled
    if moved:
        told.append(f"{moved} rendez-vous déplacé{'s' if moved > 1 else ''}")
    if cancelled:
        told.append(f"{cancelled} rendez-vous annulé{'s' if cancelled > 1 else ''}")
    if later:
        told.append(f"{later} rendez-vous à replacer")
    return f"{join_fr(told)}."


class AbsenceView(ChangeView):
    form_class = AbsenceForm
    title = "Absence d’un partenaire"
    hint = "Ses permanences de la période dans cet espace sont annulées, celles qui seront générées plus tard aussi."
    offers_holidays = True


class ClosureView(ChangeView):
    form_class = ClosureForm
    title = "Fermeture de l’espace"
    hint = "Toutes les permanences de la période sont annulées\u00a0; l’espace est affiché fermé ces jours-là."
    offers_holidays = True


class OfficeOutageView(ChangeView):
    form_class = OfficeOutageForm
    title = "Bureau hors service"


class PermanenceChangeView(ChangeView):
    """One date, reached from the day or from the agenda."""

    form_class = PermanenceChangeForm
    title = "Changer cette date"
    hint = "Pour un autre jour, annulez cette date et ajoutez une permanence exceptionnelle."

    def find(self, pk: int) -> None:
        visible = Permanence.objects.visible_to(self.request.user).with_parties().select_related("site__ccas")
        self.permanence = get_object_or_404(visible, pk=pk)
        self.site = self.permanence.site

    def form(self, data=None, **more) -> ReasonedForm:
        return super().form(data, permanence=self.permanence, **more)

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        self.permanence = None
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        self.find(**kwargs)
        if self.why_fixed():
            messages.error(request, self.why_fixed())
            return redirect("bookings:permanence_change", self.permanence.pk)
        return super().post(request, **kwargs)

    def why_fixed(self) -> str:
        """Why this date can no longer change; empty when it can."""
        if self.permanence.status == PermanenceStatus.CANCELLED:
            return "Cette permanence est annulée. Pour la rétablir, défaites le changement qui l’a annulée."
        if self.permanence.status != PermanenceStatus.PLANNED or self.permanence.during.upper <= self.site.now():
            return "Cette permanence est terminée\u00a0: elle ne change plus."
        return ""

    def more_context(self) -> dict[str, object]:
        day = self.permanence.day.isoformat()
        return {
            "permanence": self.permanence,
            "why_fixed": self.why_fixed(),
            "changes": ScheduleChange.objects.filter(revisions__permanence=self.permanence).select_related("made_by"),
            "back_url": f"{reverse('bookings:today')}?jour={day}",
        }


class AdditionView(ChangeView):
    """One more date: nobody is booked in it yet, so there is nothing to preview."""

    form_class = AdditionForm
    title = "Permanence exceptionnelle"
    hint = "Une date en plus de la grille hebdomadaire, pour un partenaire qui a une convention dans cet espace."

    def post(self, request: HttpRequest, **kwargs) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.form_page(form)
        try:
            change = add_permanence(**form.cleaned_data, by=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
            return self.form_page(form, status=409)
        messages.success(
            request,
            f"Permanence de {change.partner.short_name} ajoutée le {format_date_long(change.starts_on)}.",
            extra_tags=reverse("bookings:schedule_change_undo", args=[change.pk]),
        )
        return redirect("bookings:schedule_change_detail", change.pk)

    def more_context(self) -> dict[str, object]:
        return {"button": "Ajouter cette permanence"}


class MyAbsenceView(RoleRequiredMixin, View):
    """An agent says that her caisse will not come; the desk finds other times for those who are booked."""

    roles = AGENT_ROLES

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_anonymous and request.user.partner_id is None:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        filled = with_holiday(request.POST, self.holidays)
        if filled is not None:
            return self.page(self.form(initial=filled))
        form = self.form(request.POST)
        step = request.POST.get("step")
        if not form.is_valid() or step == "edit":
            return self.page(form)
        period = {name: form.cleaned_data[name] for name in ("starts_on", "ends_on", "reason")}
        impacts = self.impacts(**period)
        if step != "confirm" or not impacts or request.POST.get("signature") != signature_of(impacts):
            if not impacts:
                form.add_error(None, "Aucune permanence de votre organisme n’est prévue à ces dates.")
                return self.page(form)
            refusal = SituationChanged().message if step == "confirm" else ""
            return self.page(form, impacts=impacts, refusal=refusal, status=409 if refusal else 200)
        try:
            signal_absence(**period, by=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
            return self.page(form, status=409)
        messages.success(request, "Absence signalée. L’accueil propose une autre heure aux personnes attendues.")
        return redirect("bookings:my_absence")

    def form(self, data=None, **more) -> PeriodForm:
        today = min((site.today() for site in self.sites), default=date.today())  # noqa: DTZ011
        return PeriodForm(data, site=None, today=today, **more)

    @property
    def sites(self) -> list[Site]:
        return list(Site.objects.filter(permanences__partner=self.request.user.partner_id).distinct())

    @property
    def holidays(self) -> list[SchoolHoliday]:
        sites = self.sites
        return holidays_ahead({site.school_zone for site in sites}, min((s.today() for s in sites), default=date.max))

    def impacts(self, *, starts_on: date, ends_on: date, reason: str) -> list[Impact]:
        by = self.request.user
        return [
            impact_of(absence_of(site=site, starts_on=starts_on, ends_on=ends_on, reason=reason, by=by), proposes=False)
            for site in sites_of_absence(starts_on=starts_on, ends_on=ends_on, by=by)
        ]

    def page(
        self, form: PeriodForm, *, impacts: list[Impact] | None = None, refusal: str = "", status: int = 200
    ) -> HttpResponse:
        known = ScheduleChange.objects.visible_to(self.request.user).standing().select_related("site", "made_by")
        context = {
            "form": form,
            "impacts": impacts or [],
            "signature": signature_of(impacts or []),
            "people": sum(len(impact.leaving) for impact in impacts or []),
            "refusal": refusal,
            "holidays": self.holidays,
            "absences": known.filter(kind=ScheduleChangeKind.ABSENCE, ends_on__gte=form.today).order_by(
                "starts_on", "site"
            )[:50],
            "own_partner": self.request.user.partner_id,
        }
        return render(self.request, "bookings/change_my_absence.html", context, status=status)


def signature_of(impacts: list[Impact]) -> str:
    return "-".join(impact.signature for impact in impacts)
