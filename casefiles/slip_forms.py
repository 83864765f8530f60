"""What is typed to send a slip, and to find one."""

from datetime import date

from django import forms
from django.db.models import QuerySet

from partners.models import Partner

from .forms import PastDateField


class SendForm(forms.Form):
    """The date of the slip: today, or the day on which the paper left."""

    def __init__(self, *args, today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sent_on"] = PastDateField(today=today, label="Envoyé le")


class SlipFilterForm(forms.Form):
    """Which slips to list; every field is in the address."""

    q = forms.CharField(
        label="Numéro ou nom",
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    caisse = forms.ChoiceField(
        label="Caisse",
        required=False,
        error_messages={"invalid_choice": "Aucun bordereau n’est parti vers cette caisse."},
    )

    def __init__(self, *args, partners: QuerySet[Partner], has_partners: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if has_partners:
            self.fields["caisse"].choices = [("", "Toutes"), *((row.slug, row.short_name) for row in partners)]
        else:
            del self.fields["caisse"]
