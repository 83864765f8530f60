"""Accounts as administrators keep them: what a role asks for is said beside the field that lacks it."""

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.db.models import Q

from .models import Role, User

# Who works at named desks; managers and administrators see all spaces of their CCAS.
DESK_BOUND_ROLES = frozenset({Role.RECEPTION, Role.SOCIAL_WORKER})


class AccountRules:
    """A mixin of the two forms below; `editor` is who fills it in, set by the admin for each request."""

    editor: User

    def clean_email(self) -> str:
        """Lower case, as sign-in compares it; two accounts may not differ by case only."""
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(Q(email__iexact=email)).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Un compte porte déjà ce courriel.")
        return email

    def clean(self) -> dict[str, object]:
        super().clean()
        cleaned = self.cleaned_data
        role = cleaned.get("role", self.instance.role)
        if "ccas" not in self.fields and role:
            self.instance.ccas = None if role == Role.PARTNER_AGENT else self.editor.ccas
        if role == Role.PARTNER_AGENT:
            self._check_agent(cleaned)
        elif role:
            self._check_staff(cleaned, role)
        return cleaned

    def _check_agent(self, cleaned: dict[str, object]) -> None:
        if "partner" in self.fields and not cleaned.get("partner") and "partner" not in self.errors:
            self.add_error("partner", "Choisissez le partenaire dont cette personne est l’agent.")
        if cleaned.get("ccas"):
            self.add_error("ccas", "Un agent d’un partenaire n’est rattaché à aucun CCAS.")
        if cleaned.get("sites"):
            self.add_error("sites", "Un agent d’un partenaire n’a pas d’espace\u00a0: il voit ses permanences partout.")

    def _check_staff(self, cleaned: dict[str, object], role: str) -> None:
        if cleaned.get("partner"):
            self.add_error("partner", "Seul un agent d’un partenaire est rattaché à un partenaire.")
        is_technical = cleaned.get("is_superuser", self.instance.is_superuser)
        if "ccas" in self.fields and not cleaned.get("ccas") and "ccas" not in self.errors and not is_technical:
            self.add_error("ccas", "Choisissez le CCAS de cette personne.")
        sites = cleaned.get("sites")
        ccas_id = cleaned["ccas"].pk if cleaned.get("ccas") else self.instance.ccas_id
        if "sites" in self.fields and sites is not None:
            if role in DESK_BOUND_ROLES and not sites:
                self.add_error("sites", "Choisissez au moins un espace\u00a0: cette personne n’y verrait rien.")
            elif ccas_id and any(site.ccas_id != ccas_id for site in sites):
                self.add_error("sites", "Un de ces espaces dépend d’un autre CCAS.")

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the rule of `Meta.constraints` to the sentences above: it needs fields that the form may not show."""
        return {*super()._get_validation_exclusions(), "role"}


class AccountCreationForm(AccountRules, UserCreationForm):
    class Meta:
        model = User
        fields = ["email"]


class AccountChangeForm(AccountRules, forms.ModelForm):
    """Everything but the password, which has its own page."""
