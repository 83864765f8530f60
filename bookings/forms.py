"""What the desk types: who comes, for what, which appointments to list, why one is given up."""

import re
import unicodedata
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet

from franceservices.dates import NEWEST_YEAR, OLDEST_YEAR, parse_iso_date_or_none
from franceservices.phones import format_phone, is_mobile, normalise_phone
from partners.models import Partner

from .errors import UnknownPerson
from .models import Appointment, AppointmentStatus, CancelledBy, Visitor
from .social_security_numbers import refuse_nir

NEW_PERSON = "new"
"""The value of `who` that stands for the person whose name is typed beside."""

LONGEST_NAME = Visitor._meta.get_field("last_name").max_length
LONGEST_NOTES = 20_000

_WRITTEN_DATE = re.compile(r"(\d{1,2})[ ./-]+(\d{1,2})[ ./-]+(\d{4})|(\d{2})(\d{2})(\d{4})", re.ASCII)
_PHONE_LIKE = re.compile(r"\+?[\d .\-/()]{6,}", re.ASCII)
_MARKS_IN_NAMES = set("'’‘ʼ.()°")
_PARTICLES = {
    "d",
    "de",
    "del",
    "der",
    "des",
    "di",
    "dos",
    "du",
    "el",
    "al",
    "ben",
    "bel",
    "la",
    "le",
    "les",
    "van",
    "von",
}


def _quoted(text: str) -> str:
    """What was typed, short enough to stand within a sentence."""
    return f"«\u00a0{text[:40]}{'…' if len(text) > 40 else ''}\u00a0»"


class CivilDateField(forms.DateField):
    """A day written as a French hand does (3/4/1985, 03.04.1985, 03041985) or as an address does (1985-04-03)."""

    def to_python(self, value: object) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return value or None
        text = str(value).strip()
        day = parse_iso_date_or_none(text)
        if day is not None:
            return day
        match = _WRITTEN_DATE.fullmatch(text)
        if match is None:
            raise ValidationError(
                f"{_quoted(text)} n’est pas une date. Écrivez le jour, le mois et l’année, par exemple 03/04/1985.",
                code="invalid",
            )
        written_day, month, year = (int(part) for part in match.groups() if part)
        if not OLDEST_YEAR <= year <= NEWEST_YEAR:
            raise ValidationError(
                f"{_quoted(text)}\u00a0: vérifiez l’année, de {OLDEST_YEAR} à {NEWEST_YEAR}.", code="year"
            )
        try:
            return date(year, month, written_day)
        except ValueError:
            raise ValidationError(f"{_quoted(text)} n’existe pas dans le calendrier.", code="invalid") from None


def tidy_name(text: str) -> str:
    """A name with its spaces single and its accents composed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def validate_name(text: str) -> None:
    """Refuse what no civil name holds: emoji, angle brackets, invisible characters; and a name without any letter."""
    strangers = [
        character
        for character in text
        if unicodedata.category(character)[0] not in "LMN"
        and unicodedata.category(character) not in ("Zs", "Pd")
        and character not in _MARKS_IN_NAMES
    ]
    if strangers:
        seen = "".join(dict.fromkeys(strangers))
        retire = f"retirez {_quoted(seen)}" if seen.isprintable() else "retirez les caractères invisibles"
        raise ValidationError(
            f"Un nom s’écrit avec des lettres, des espaces, des traits d’union et des apostrophes\u00a0: {retire}.",
            code="name",
        )
    if not any(unicodedata.category(character)[0] == "L" for character in text):
        raise ValidationError("Un nom contient au moins une lettre.", code="name")


def searchable(words: str) -> str:
    """The words of a search, a phone number written in pairs made one word: it is stored without spaces or points."""
    return re.sub(r"[^\d+]", "", words) if _PHONE_LIKE.fullmatch(words.strip()) else words


def guess_identity(words: str) -> dict[str, str]:
    """The fields of a new person that the words of a search may stand for: an e-mail, a phone, or name and first name.

    Words in capitals are the name; otherwise the name comes first, with its particles, as desks say it.
    """
    words = tidy_name(words)[:LONGEST_NAME]
    if "@" in words:
        return {"email": words}
    if _PHONE_LIKE.fullmatch(words):
        return {"phone": words}
    tokens = words.split()
    capitals = [token for token in tokens if len(token) > 1 and token.isupper()]
    if capitals and len(capitals) < len(tokens):
        last, first = capitals, [token for token in tokens if token not in capitals]
    else:
        length = 1
        while length < len(tokens) and tokens[length - 1].casefold().rstrip("'’") in _PARTICLES:
            length += 1
        last, first = tokens[:length], tokens[length:]
    return {"last_name": _capitalised(last), "first_name": _capitalised(first)}


def _capitalised(words: list[str]) -> str:
    """Words typed in one case with their capitals; mixed case was meant and stays."""
    return " ".join(word.title() if word.islower() or (word.isupper() and len(word) > 1) else word for word in words)


class VisitorForm(forms.ModelForm):
    """A person's record. `today` is the civil date at the desk."""

    birth_date = CivilDateField(
        label="Date de naissance",
        required=False,
        widget=forms.DateInput(
            format="%d/%m/%Y",
            attrs={"placeholder": "jj/mm/aaaa", "inputmode": "text", "autocomplete": "off"},
        ),
        help_text="Par exemple 03/04/1985.",
    )
    phone = forms.CharField(
        label="Téléphone",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )

    class Meta:
        model = Visitor
        fields = (
            *("last_name", "first_name", "birth_date", "phone", "email", "email_consent", "sms_consent"),
            *("interpreter_language", "needs_wheelchair_access", "phone_only", "staff_notes"),
        )
        labels = {
            "interpreter_language": "Interprète\u00a0: en quelle langue",
            "needs_wheelchair_access": "Vient en fauteuil roulant",
            "phone_only": "Joignable par téléphone seulement",
            "email_consent": "Accepte les courriels pour ses rendez-vous",
            "sms_consent": "Accepte les SMS pour ses rendez-vous",
        }
        widgets = {
            "last_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "first_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "interpreter_language": forms.TextInput(attrs={"autocomplete": "off"}),
            "staff_notes": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "interpreter_language": "Par exemple arabe, dari ou langue des signes.",
            "staff_notes": "Lues par le CCAS seulement, jamais par un partenaire. Ni donnée de santé, ni numéro de"
            " sécurité sociale.",
        }
        error_messages = {
            "last_name": {"required": "Écrivez le nom de la personne."},
            "email": {"invalid": "Un courriel s’écrit comme nom@exemple.fr. Corrigez-le ou laissez-le vide."},
        }

    def __init__(self, *args, today: date, **kwargs) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        self.fields["staff_notes"].max_length = LONGEST_NOTES
        self.fields["staff_notes"].validators.append(MaxLengthValidator(LONGEST_NOTES))
        for name in ("last_name", "first_name", "email", "phone", "interpreter_language", "staff_notes"):
            field = self.fields[name]
            field.validators.append(refuse_nir)
            field.error_messages["max_length"] = f"{field.max_length} caractères au plus."
            # The whole of what was pasted comes back with the sentence, instead of being cut in silence.
            field.widget.attrs.pop("maxlength", None)
        self.fields["last_name"].validators.append(validate_name)
        self.fields["first_name"].validators.append(validate_name)
        if self.instance.phone:
            self.initial["phone"] = format_phone(self.instance.phone)

    def clean_last_name(self) -> str:
        return tidy_name(self.cleaned_data["last_name"])

    def clean_first_name(self) -> str:
        return tidy_name(self.cleaned_data["first_name"])

    def clean_birth_date(self) -> date | None:
        day = self.cleaned_data["birth_date"]
        if day is not None and day > self.today:
            raise ValidationError("Cette date de naissance est dans le futur.", code="future")
        return day

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        if not typed:
            return ""
        try:
            return normalise_phone(typed)
        except ValueError as error:
            raise ValidationError(str(error), code="phone") from error

    def clean(self) -> dict[str, object]:
        """A consent goes with an address that it is about."""
        typed = super().clean()
        if typed.get("email_consent") and not typed.get("email") and "email" not in self.errors:
            self.add_error("email_consent", "Écrivez son courriel, ou décochez cette case.")
        if typed.get("sms_consent") and "phone" not in self.errors and not is_mobile(typed.get("phone", "")):
            self.add_error("sms_consent", "Écrivez un numéro de téléphone mobile, ou décochez cette case.")
        if typed.get("phone_only") and not typed.get("phone") and "phone" not in self.errors:
            self.add_error("phone_only", "Écrivez son numéro de téléphone, ou décochez cette case.")
        return typed


class BookingForm(forms.Form):
    """For whom, and about what. `is_for_visitor` is false when the booking is for oneself.

    A person is chosen by the number of her card: who she is, and whether she may be booked for, the booking tells.
    """

    who = forms.CharField(label="Usager", required=False)
    subject = forms.CharField(
        label="Objet",
        required=False,
        max_length=Appointment._meta.get_field("subject").max_length,
        error_messages={"max_length": "200 caractères au plus\u00a0: quelques mots suffisent."},
        help_text="Quelques mots pour l’agent du partenaire, sans donnée de santé.",
        validators=[refuse_nir],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, is_for_visitor: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        subject = self.fields["subject"]
        subject.widget.attrs.pop("maxlength", None)
        if not is_for_visitor:
            del self.fields["who"]
            subject.label = "Objet (sans nom ni donnée de santé)"
            subject.help_text = "L’agent du partenaire le lit pour préparer l’entretien."
            subject.required = True
            subject.error_messages["required"] = "Écrivez en quelques mots l’objet de ce rendez-vous."

    def clean_who(self) -> int | str:
        """The number of the card that was chosen, or NEW_PERSON."""
        typed = self.cleaned_data["who"]
        if typed == NEW_PERSON:
            return typed
        if not typed:
            raise ValidationError("Choisissez la personne qui vient, ou créez sa fiche.", code="required")
        number = card_id(typed)
        if number is None:
            raise ValidationError(UnknownPerson().message)
        return number


def card_id(typed: str) -> int | None:
    """The id of a card as an address or a form writes it; None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def find_visitor(visitors: QuerySet[Visitor], typed: str) -> Visitor | None:
    """The one of `visitors` with this id; None for anything else."""
    pk = card_id(typed)
    return None if pk is None else visitors.filter(pk=pk).first()


def day_input(**attributes: str) -> forms.DateInput:
    """A browser's own calendar; the address then holds `2026-11-24`."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **attributes})


class TimeFilterForm(forms.Form):
    """Which free times to show: of one partner, from a day on."""

    jour = CivilDateField(label="À partir du", required=False, widget=day_input())
    partenaire = forms.ChoiceField(
        label="Partenaire",
        required=False,
        error_messages={"invalid_choice": "Ce partenaire ne traite pas ce motif ici."},
    )

    def __init__(self, *args, partners: list[Partner], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partenaire"].choices = [
            ("", "Tous les partenaires"),
            *((partner.slug, partner.short_name) for partner in partners),
        ]


class AppointmentFilterForm(forms.Form):
    """Which appointments to list; every field is in the address."""

    q = forms.CharField(
        label="Nom ou motif", required=False, strip=True, widget=forms.TextInput(attrs={"type": "search"})
    )
    du = CivilDateField(label="Du", required=False, widget=day_input())
    au = CivilDateField(label="Au", required=False, widget=day_input())
    partenaire = forms.ChoiceField(
        label="Partenaire",
        required=False,
        error_messages={"invalid_choice": "Ce partenaire n’a pas de permanence dans cet espace."},
    )
    etat = forms.ChoiceField(
        label="État",
        required=False,
        choices=[("", "Tous"), *AppointmentStatus.choices],
        error_messages={"invalid_choice": "Choisissez un état de la liste."},
    )

    def __init__(self, *args, partners: QuerySet[Partner], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partenaire"].choices = [
            ("", "Tous"),
            *((partner.slug, partner.short_name) for partner in partners),
        ]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        first, last = cleaned.get("du"), cleaned.get("au")
        if first and last and last < first:
            self.add_error("au", "Cette date précède la première\u00a0: elle n’est pas appliquée.")
        return cleaned


class CancelForm(forms.Form):
    """On whose side an appointment is given up, and why if it helps."""

    cancelled_for = forms.ChoiceField(
        label="Qui annule\u00a0?",
        choices=CancelledBy.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Dites qui annule ce rendez-vous.",
            "invalid_choice": "Choisissez une des trois réponses.",
        },
    )
    reason = forms.CharField(
        label="Raison",
        required=False,
        max_length=Appointment._meta.get_field("cancellation_reason").max_length,
        error_messages={"max_length": "200 caractères au plus\u00a0: quelques mots suffisent."},
        help_text="Sans donnée de santé.",
        validators=[refuse_nir],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, appointment: Appointment, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("maxlength", None)
        self.fields["cancelled_for"].choices = cancellation_sides(appointment)


def cancellation_sides(appointment: Appointment) -> list[tuple[str, str]]:
    """The choices of who gives up `appointment`: a social worker's own has no visitor."""
    return [(side.value, side.said_of(is_social_worker=not appointment.visitor_id)) for side in CancelledBy]
