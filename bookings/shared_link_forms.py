"""For whom and until when a planning is opened without an account, and for which device an agent wants hers."""

from collections.abc import Iterable
from datetime import date, timedelta

from django import forms

from franceservices.dates import format_date_long
from franceservices.form_fields import ReasonableDateField
from partners.models import Partner, Site

from .models import SharedLink
from .shared_links import LONGEST_DAYS, USUAL_DAYS

LONGEST_RECIPIENT = SharedLink._meta.get_field("recipient").max_length
TOO_LONG = {"max_length": f"{LONGEST_RECIPIENT} caractères au plus\u00a0: quelques mots suffisent."}


class PlanningLinkForm(forms.Form):
    """One address; `partners` are those it may show, `today` the civil date at the site."""

    partner = forms.ChoiceField(
        label="Partenaire",
        error_messages={
            "required": "Choisissez le partenaire dont le planning sera lu.",
            "invalid_choice": "Choisissez un partenaire de la liste.",
        },
    )
    recipient = forms.CharField(
        label="Remis à",
        help_text="La personne ou le service qui recevra l’adresse, pour s’y retrouver plus tard.",
        error_messages={"required": "Écrivez à qui l’adresse sera remise.", **TOO_LONG},
        max_length=LONGEST_RECIPIENT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_day = ReasonableDateField(
        label="Valable jusqu’au",
        help_text=f"Ce jour compris, {LONGEST_DAYS} jours au plus.",
        error_messages={
            "required": "Choisissez le dernier jour de validité.",
            "invalid": "Écrivez une date, par exemple 31/12/2026.",
        },
    )

    def __init__(self, *args, partners: Iterable[Partner], today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.partners = {partner.slug: partner for partner in partners}
        self.today, self.latest = today, today + timedelta(days=LONGEST_DAYS)
        self.fields["partner"].choices = [
            ("", "Choisir…"),
            *((partner.slug, partner.name) for partner in self.partners.values()),
        ]
        self.fields["recipient"].widget.attrs.pop("maxlength", None)
        last_day = self.fields["last_day"]
        last_day.initial = today + timedelta(days=USUAL_DAYS)
        last_day.widget.attrs |= {"min": today.isoformat(), "max": self.latest.isoformat()}

    def clean_last_day(self) -> date:
        day = self.cleaned_data["last_day"]
        if not self.today <= day <= self.latest:
            raise forms.ValidationError(
                f"Choisissez une date entre aujourd’hui et le {format_date_long(self.latest)}.", code="out_of_reach"
            )
        return day

    @property
    def partner_chosen(self) -> Partner:
        """Only once the form is valid."""
        return self.partners[self.cleaned_data["partner"]]


class CalendarLinkForm(forms.Form):
    """One address of an agent's agenda; `sites` are those at which her caisse sits."""

    site = forms.ChoiceField(
        label="Espace",
        error_messages={
            "required": "Choisissez l’espace dont vous voulez l’agenda.",
            "invalid_choice": "Choisissez un espace de la liste.",
        },
    )
    device = forms.CharField(
        label="Appareil",
        required=False,
        help_text="Par exemple «\u00a0téléphone\u00a0» ou «\u00a0poste de l’agence\u00a0», pour s’y retrouver.",
        error_messages=TOO_LONG,
        max_length=LONGEST_RECIPIENT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, sites: Iterable[Site], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sites = {site.slug: site for site in sites}
        choices = [(site.slug, site.name) for site in self.sites.values()]
        # One space leaves nothing to choose.
        self.fields["site"].choices = choices if len(choices) == 1 else [("", "Choisir…"), *choices]
        self.fields["device"].widget.attrs.pop("maxlength", None)

    @property
    def site_chosen(self) -> Site:
        """Only once the form is valid."""
        return self.sites[self.cleaned_data["site"]]
