"""What a reader of the figures asks: everything is in the address, so that it can be kept, sent and compared."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django import forms
from django.db.models import Exists, OuterRef
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from bookings.models import Permanence, Reason
from conventions.models import Audience, Convention
from franceservices.form_fields import ReasonableDateField
from partners.models import Partner, Site, User

from .periods import Period, Preset, period_of
from .scopes import Scope, sites_of

ALL_SITES = "tous"
USUAL_PRESET = Preset.THIS_YEAR
LONGEST_PERIOD_DAYS = 10 * 366


class Comparison(StrEnum):
    """With what a period is compared."""

    PREVIOUS = "precedente"
    YEAR_BEFORE = "annee"
    NONE = "non"

    @property
    def label(self) -> str:
        return {
            Comparison.PREVIOUS: "à la période précédente",
            Comparison.YEAR_BEFORE: "à l’année d’avant",
            Comparison.NONE: "à rien",
        }[self]


class ManyOptions(forms.Select):
    """A list of spaces, which may be thousands: written without a template for each."""

    def render(self, name, value, attrs=None, renderer=None):
        chosen = str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if str(key) == chosen else "", label) for key, label in self.choices),
        )
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name})), options
        )


class QuestionForm(forms.Form):
    """Days, space, partner, reason, audience and comparison; a field that cannot be read is told and left aside."""

    du = ReasonableDateField(label="Du", required=False)
    au = ReasonableDateField(label="Au (compris)", required=False)
    espace = forms.ChoiceField(
        label="Espace",
        required=False,
        widget=ManyOptions,
        error_messages={"invalid_choice": "Cet espace n’est pas parmi les vôtres."},
    )
    partenaire = forms.ChoiceField(
        label="Partenaire",
        required=False,
        error_messages={"invalid_choice": "Ce partenaire ne vient pas dans vos espaces."},
    )
    motif = forms.ChoiceField(
        label="Motif du rendez-vous", required=False, error_messages={"invalid_choice": "Ce motif n’existe pas."}
    )
    public = forms.ChoiceField(label="Public", required=False, choices=[("", "Tous"), *Audience.choices])
    comparer = forms.ChoiceField(
        label="Comparer", required=False, choices=[(choice.value, choice.label) for choice in Comparison]
    )

    def __init__(self, *args, sites: list[Site], partners: list[Partner], reasons: list[Reason], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["espace"].choices = [(site.slug, site.short_name) for site in sites]
        if len(sites) > 1:
            self.fields["espace"].choices = [(ALL_SITES, "Tous les espaces"), *self.fields["espace"].choices]
        else:
            del self.fields["espace"]
        if len(partners) > 1:
            self.fields["partenaire"].choices = [("", "Tous"), *((found.slug, found.short_name) for found in partners)]
        else:
            del self.fields["partenaire"]
        self.fields["motif"].choices = [("", "Tous"), *((reason.slug, reason.label) for reason in reasons)]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        first, last = cleaned.get("du"), cleaned.get("au")
        if first and last and last < first:
            self.add_error("au", "Cette date précède la première\u00a0: les dates ne sont pas appliquées.")
        elif first and last and (last - first).days > LONGEST_PERIOD_DAYS:
            self.add_error("au", "Dix ans au plus\u00a0: les dates ne sont pas appliquées.")
        return cleaned


@dataclass(frozen=True)
class Question:
    """What is asked: `scope`, the period it is compared with, and the form that shows it."""

    form: QuestionForm
    scope: Scope
    before: Scope | None
    preset: Preset | None
    # All spaces that the reader may ask about, and those that the answer is about.
    sites: tuple[Site, ...]

    @property
    def place(self) -> str:
        """The space that the answer is about, or « tous les espaces »."""
        if len(self.scope.sites) == 1:
            return self.scope.sites[0].short_name
        return "tous les espaces"

    @property
    def sentence(self) -> str:
        """`année 2026, Planoise, CPAM, usagers`: the question on paper and on top of a file."""
        scope = self.scope
        words = [scope.period.label, self.place]
        words += [scope.partner.short_name] if scope.partner else []
        words += [scope.reason.label] if scope.reason else []
        words += [Audience(scope.audience).label.lower()] if scope.audience else []
        return ", ".join(words)


def question(asked: QueryDict, *, user: User, current_site: Site | None) -> Question:
    """What the address asks, within what `user` may see; a number of queries that does not depend on the rows."""
    sites = sites_of(user)
    partners, reasons = _partners(user, sites), _reasons(user)
    today = current_site.today() if current_site else max((site.today() for site in sites), default=_today())
    shown = {name: asked.get(name, "").replace("\x00", "") for name in QuestionForm.base_fields}
    preset = _preset(asked)
    shown["comparer"] = shown["comparer"] or Comparison.PREVIOUS.value
    shown["espace"] = shown["espace"] or (current_site.slug if current_site in sites else ALL_SITES)
    if preset is None and not (shown["du"] or shown["au"]):
        preset = USUAL_PRESET
    if preset is not None:
        period = period_of(preset, today)
        shown |= {"du": period.first.isoformat(), "au": period.last.isoformat()}
    form = QuestionForm(shown, sites=list(sites), partners=partners, reasons=reasons)
    form.is_valid()
    wanted = form.cleaned_data
    period = _period(form, today)
    chosen = tuple(site for site in sites if wanted.get("espace", ALL_SITES) in (ALL_SITES, "", site.slug))
    partner = next((found for found in partners if found.slug == wanted.get("partenaire")), None)
    scope = Scope(
        period=period,
        sites=chosen,
        partner=user.partner if _is_agent(user) else partner,
        reason=next((reason for reason in reasons if reason.slug == wanted.get("motif")), None),
        audience=wanted.get("public", ""),
    )
    before = {
        Comparison.PREVIOUS: period.previous,
        Comparison.YEAR_BEFORE: period.year_before,
    }.get(wanted.get("comparer"))
    named = next((known for known in Preset if known != Preset.FREE and period_of(known, today) == period), None)
    return Question(form, scope, scope.over(before) if before else None, preset or named, sites)


def _preset(asked: QueryDict) -> Preset | None:
    try:
        preset = Preset(asked.get("periode", ""))
    except ValueError:
        return None
    return None if preset == Preset.FREE else preset


def _period(form: QuestionForm, today: date) -> Period:
    """The days that the form asks; one end alone means from it until today, or from the beginning of its year."""
    first, last = form.cleaned_data.get("du"), form.cleaned_data.get("au")
    if form.errors.keys() & {"du", "au"} or not (first or last):
        return period_of(USUAL_PRESET, today)
    if first is None:
        first = last.replace(month=1, day=1)
    return Period(first, last or max(first, today))


def _is_agent(user: User) -> bool:
    return user.partner_id is not None and not user.is_superuser


def _partners(user: User, sites: tuple[Site, ...]) -> list[Partner]:
    """Those that come, came or are bound to come to `sites`; her own for a partner's agent."""
    if _is_agent(user):
        return [user.partner]
    # Asked of each partner: the first of its permanences answers, and the millions of a country are not gone through.
    held = Exists(Permanence.objects.filter(site__in=sites, partner=OuterRef("pk")))
    agreed = Exists(Convention.objects.filter(site__in=sites, partner=OuterRef("pk")))
    return [found for found in Partner.objects.annotate(comes=held, is_agreed=agreed) if found.comes or found.is_agreed]


def _reasons(user: User) -> list[Reason]:
    """All that were ever proposed, since the past has them; those of her caisse for a partner's agent."""
    reasons = Reason.objects.all()
    return list(reasons.filter(partners=user.partner_id) if _is_agent(user) else reasons)


def _today() -> date:
    return timezone.localdate()
