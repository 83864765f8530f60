"""What a person types to denounce a convention."""

from django import forms

from franceservices.form_fields import ReasonableDateField

from .models import Convention, Party


class DenunciationForm(forms.Form):
    """Who denounces, when the other party had the letter, and the last day if the parties agreed on one."""

    by_party = forms.ChoiceField(
        label="Dénoncée par",
        widget=forms.RadioSelect,
        error_messages={"required": "Dites qui dénonce la convention."},
    )
    received_on = ReasonableDateField(
        label="Préavis reçu le",
        help_text="Le jour où l’autre partie a reçu la lettre recommandée, pas celui de l’envoi.",
        error_messages={"required": "Donnez la date de l’accusé de réception.", "invalid": "Donnez une date."},
    )
    takes_effect_on = ReasonableDateField(
        label="Dernier jour de la convention",
        required=False,
        help_text="Seulement si les parties en ont convenu par écrit. Vide\u00a0: calculé d’après la clause.",
        error_messages={"invalid": "Donnez une date, ou rien."},
    )

    def __init__(self, *args, convention: Convention, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by_party"].choices = [
            (Party.CCAS.value, convention.ccas.short_name),
            (Party.PARTNER.value, convention.partner.name),
        ]
