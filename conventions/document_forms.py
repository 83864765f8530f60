"""What is said of a file when it is uploaded, and what a list of documents is asked for."""

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest

from franceservices.db import Folded, Joined
from franceservices.file_types import ACCEPTED, ACCEPTED_IN_WORDS
from franceservices.form_fields import ReasonableDateField
from franceservices.text import fold
from franceservices.uploads import limit_in_words, was_too_large

from .models import Document, DocumentKind
from .models.document import DocumentQuerySet

WITHDRAWN, EXPIRED = "retires", "perimes"


class DocumentForm(forms.Form):
    """One file with its kind and validity. `request` is the one that brought the data, to know what was dropped."""

    file = forms.FileField(
        label="Fichier",
        max_length=255,
        error_messages={
            "required": "Choisissez le fichier à déposer.",
            "empty": "Ce fichier est vide.",
            "max_length": "Le nom de ce fichier est trop long\u00a0: renommez-le en 255 caractères au plus.",
            "invalid": "Ce fichier n’est pas arrivé. Choisissez-le de nouveau.",
        },
        widget=forms.FileInput(
            attrs={"accept": ",".join(extension for kind in ACCEPTED for extension in kind.extensions)}
        ),
    )
    kind = forms.ChoiceField(
        label="Nature",
        choices=[("", "Choisir…"), *DocumentKind.choices],
        error_messages={
            "required": "Choisissez la nature du document.",
            "invalid_choice": "Choisissez une nature de la liste.",
        },
    )
    title = forms.CharField(
        label="Intitulé",
        required=False,
        max_length=200,
        help_text="Vide\u00a0: la nature du document.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    valid_from = ReasonableDateField(label="Valable du", required=False)
    valid_until = ReasonableDateField(
        label="Valable jusqu’au", required=False, help_text="Ce jour compris. Vide\u00a0: sans limite."
    )

    def __init__(self, *args, request: HttpRequest, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["file"].help_text = f"{ACCEPTED_IN_WORDS}\u00a0; {limit_in_words()} au plus."

    def _clean_fields(self) -> None:
        """Like Django's; a file that was dropped on its way is not « missing »."""
        super()._clean_fields()
        if was_too_large(self.request, self.add_prefix("file")):
            self._errors.pop("file", None)
            self.add_error(
                "file",
                f"Ce fichier dépasse {limit_in_words()}\u00a0: il n’a pas été gardé. Numérisez en moins fin, ou déposez"
                " ses pages en plusieurs fichiers.",
            )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        valid_from, valid_until = cleaned.get("valid_from"), cleaned.get("valid_until")
        if valid_from and valid_until and valid_until < valid_from:
            self.add_error("valid_until", "La fin de validité doit suivre son début.")
        return cleaned

    @property
    def title_chosen(self) -> str:
        """Only once the form is valid."""
        return self.cleaned_data["title"].strip() or DocumentKind(self.cleaned_data["kind"]).label


class DocumentFilterForm(forms.Form):
    """The words and the choices above a list; what is not among the choices filters nothing."""

    q = forms.CharField(label="Rechercher", required=False, max_length=100)
    nature = forms.ChoiceField(
        label="Nature", required=False, choices=[("", "Toutes les natures"), *DocumentKind.choices]
    )
    etat = forms.ChoiceField(
        label="État",
        required=False,
        choices=[("", "Gardés"), (EXPIRED, "Périmés"), (WITHDRAWN, "Retirés")],
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs["type"] = "search"
        self.is_valid()
        self.chosen = {name: self.cleaned_data.get(name) or "" for name in self.fields}

    @property
    def is_filtered(self) -> bool:
        return any(self.chosen.values())

    def filtered(self, documents: DocumentQuerySet, *, today) -> QuerySet[Document]:
        """Those of `documents` that are asked for; `today` is the civil date at the space."""
        if self.chosen["etat"] == WITHDRAWN:
            documents = documents.filter(withdrawn_at__isnull=False)
        else:
            documents = documents.kept()
        if self.chosen["etat"] == EXPIRED:
            documents = documents.filter(valid_until__lt=today)
        if self.chosen["nature"]:
            documents = documents.filter(kind=self.chosen["nature"])
        words = fold(self.chosen["q"].replace("\x00", " ")).split()
        if words:
            documents = documents.alias(searched=Folded(Joined("title", "name", "sha256")))
        for word in words:
            documents = documents.filter(searched__contains=word)
        return documents
