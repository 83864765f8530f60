"""What the desk types about a file, and which files to list."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from bookings.forms import day_input
from bookings.social_security_numbers import refuse_nir
from franceservices.form_fields import ReasonableDateField
from partners.models import Partner, Role, Site, User

from .models import CaseDocument, CaseFile, CaseKind
from .stages import STAGE_LABELS

LONGEST_NOTES = 20_000
FUTURE = "Cette date est à venir."


def colleagues(site: Site, *, including: int | None = None) -> QuerySet[User]:
    """Who may be in charge of a file at `site`: its active staff, those who oversee the CCAS, and the account of id
    `including`, who is in charge and may have left since.
    """
    works_here = Q(role__in=[Role.MANAGER, Role.ADMINISTRATOR]) | Q(sites=site)
    at_work = works_here & Q(is_active=True, ccas=site.ccas_id)
    return User.objects.filter(at_work | Q(pk=including)).distinct()


class PastDateField(ReasonableDateField):
    """A civil day that is over or under way; the form that holds it says which day is `today`."""

    def __init__(self, *, today: date, **kwargs) -> None:
        sentences = {
            "required": "Écrivez une date.",
            "invalid": "Cette date n’existe pas. Écrivez le jour, le mois et l’année.",
        }
        super().__init__(widget=day_input(max=today.isoformat()), initial=today, error_messages=sentences, **kwargs)
        self.today = today

    def clean(self, value: object) -> date | None:
        day = super().clean(value)
        if day is not None and day > self.today:
            raise ValidationError(FUTURE, code="future")
        return day


def words_field(model: type, name: str, **kwargs) -> forms.CharField:
    """A free text of `model`, without what looks like a social security number, refused whole when it is too long."""
    column = model._meta.get_field(name)
    # What is stored has a blank meaning nothing; whether the form asks for words is the form's affair.
    values = {"label": column.verbose_name.capitalize(), "help_text": column.help_text} | kwargs
    field = forms.CharField(max_length=column.max_length or LONGEST_NOTES, validators=[refuse_nir], **values)
    field.error_messages["max_length"] = f"{field.max_length} caractères au plus."
    # The whole of what was pasted comes back with the sentence, instead of being cut in silence.
    field.widget.attrs.pop("maxlength", None)
    return field


def one_line() -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off"})


class FileFilterForm(forms.Form):
    """Which files to list; every field is in the address."""

    q = forms.CharField(
        label="Nom, téléphone ou nature", required=False, strip=True, widget=forms.TextInput(attrs={"type": "search"})
    )
    nature = forms.ChoiceField(
        label="Nature",
        required=False,
        error_messages={"invalid_choice": "Cette nature de dossier n’est pas connue."},
    )
    caisse = forms.ChoiceField(
        label="Caisse",
        required=False,
        error_messages={"invalid_choice": "Aucun dossier de cet espace n’est pour cette caisse."},
    )
    etape = forms.ChoiceField(
        label="Étape",
        required=False,
        choices=[("", "Toutes"), *((stage.value, label) for stage, label in STAGE_LABELS.items())],
        error_messages={"invalid_choice": "Choisissez une étape de la liste."},
    )

    def __init__(self, *args, kinds: QuerySet[CaseKind], partners: QuerySet[Partner], has_stages: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["nature"].choices = [("", "Toutes"), *((kind.slug, kind.short_label) for kind in kinds)]
        self.fields["caisse"].choices = [("", "Toutes"), *((row.slug, row.short_name) for row in partners)]
        if not has_stages:
            del self.fields["etape"]


class OpenFileForm(forms.Form):
    """A new file: what is asked for and of whom, among the `offers` of the day, and who follows it."""

    offer = forms.ChoiceField(
        label="Demande",
        error_messages={
            "required": "Choisissez ce qui est demandé.",
            "invalid_choice": "Cette demande n’existe pas ce jour-là pour cet espace. Choisissez-en une autre.",
        },
    )
    agent = forms.ModelChoiceField(
        label="Suivi par",
        queryset=User.objects.none(),
        empty_label=None,
        error_messages={"invalid_choice": "Cette personne ne travaille pas dans cet espace."},
    )
    is_urgent = forms.BooleanField(label="Dossier urgent", required=False)

    def __init__(
        self, *args, today: date, offers: list[tuple[Partner, CaseKind]], agents: QuerySet[User], **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opened_on"] = PastDateField(
            today=today, label="Ouvert le", help_text="Les demandes proposées sont celles de ce jour."
        )
        self.offers = {f"{partner.pk}-{kind.pk}": (partner, kind) for partner, kind in offers}
        groups: dict[str, list[tuple[str, str]]] = {}
        for value, (partner, kind) in self.offers.items():
            groups.setdefault(partner.short_name, []).append((value, kind.label))
        self.fields["offer"].choices = [("", "Choisir…"), *groups.items()]
        self.fields["agent"].queryset = agents
        self.fields["urgency"] = words_field(CaseFile, "urgency", required=False, widget=one_line())
        self.fields["social_notes"] = words_field(
            CaseFile, "social_notes", required=False, widget=forms.Textarea(attrs={"rows": 4})
        )
        self.order_fields(["opened_on", "offer", "agent", "is_urgent", "urgency", "social_notes"])

    @property
    def chosen(self) -> tuple[Partner, CaseKind]:
        """The caisse and the kind. Only once the form is valid."""
        return self.offers[self.cleaned_data["offer"]]

    def clean(self) -> dict[str, object]:
        typed = super().clean()
        if typed.get("urgency") and not typed.get("is_urgent"):
            self.add_error("urgency", "Cochez «\u00a0Dossier urgent\u00a0», ou laissez ceci vide.")
        return typed


class AgreementForm(forms.Form):
    """The day on which the person agreed that her file be sent."""

    def __init__(self, *args, today: date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreed_on"] = PastDateField(today=today, label="Accord donné le")


class UrgencyForm(forms.Form):
    """Why a file cannot wait."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["urgency"] = words_field(CaseFile, "urgency", required=False, widget=one_line())


class NotesForm(forms.Form):
    """What the CCAS alone reads."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["social_notes"] = words_field(
            CaseFile, "social_notes", required=False, widget=forms.Textarea(attrs={"rows": 5})
        )


class AssignForm(forms.Form):
    """Who follows a file from now on."""

    agent = forms.ModelChoiceField(
        label="Suivi par",
        queryset=User.objects.none(),
        empty_label=None,
        error_messages={"invalid_choice": "Cette personne ne travaille pas dans cet espace."},
    )

    def __init__(self, *args, agents: QuerySet[User], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].queryset = agents


class AddDocumentForm(forms.Form):
    """A document that the checklist of the kind does not name."""

    is_mandatory = forms.BooleanField(label="Obligatoire", required=False, initial=True)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["label"] = words_field(
            CaseDocument,
            "label",
            label="Autre pièce",
            widget=one_line(),
            error_messages={"required": "Nommez la pièce à ajouter."},
        )
        self.order_fields(["label", "is_mandatory"])


class WithdrawForm(forms.Form):
    """Why a file is given up."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = words_field(
            CaseFile,
            "withdrawal_reason",
            label="Motif du retrait",
            help_text="Quelques mots, sans donnée de santé.",
            widget=one_line(),
            error_messages={"required": "Dites pourquoi le dossier est retiré."},
        )
