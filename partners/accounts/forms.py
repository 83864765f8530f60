"""The forms of « Comptes »: who is invited, what changes, why an account is closed or its second factor taken off."""

from django import forms
from django.contrib.auth.forms import SetPasswordForm

from partners.account_forms import DESK_BOUND_ROLES
from partners.models import Ccas, Role, Site, User
from partners.passwords import RULE

from .perimeter import partners_to_invite_for, roles_given_by
from .services import Belonging
from .states import AccountState


class BelongingForm(forms.Form):
    """A name, a role and the spaces where it holds; `by` sees only the roles and the spaces that she may give."""

    first_name = forms.CharField(label="Prénom", max_length=100)
    last_name = forms.CharField(label="Nom", max_length=100)
    role = forms.ChoiceField(label="Rôle", widget=forms.RadioSelect)
    sites = forms.ModelMultipleChoiceField(
        label="Espaces",
        queryset=Site.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Pour l’accueil et les travailleurs sociaux. Les responsables voient tous les espaces du CCAS.",
    )

    def __init__(self, *args, by: User, roles: list[Role], ccas: Ccas | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.fields["role"].choices = [(role.value, role.label) for role in roles]
        sites = Site.objects.visible_to(by)
        self.fields["sites"].queryset = sites.filter(ccas=ccas) if ccas else sites
        # Said by hand: the field is asked for with some roles only.
        self.fields["sites"].is_conditional = True

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        role = cleaned.get("role")
        if role in DESK_BOUND_ROLES and "sites" in cleaned and not cleaned["sites"]:
            self.add_error("sites", "Choisissez au moins un espace\u00a0: cette personne n’y verrait rien.")
        return cleaned

    @property
    def belonging(self) -> Belonging:
        """What was chosen; a field of another role is left out, whatever was ticked before the role changed."""
        role = Role(self.cleaned_data["role"])
        return Belonging(role, tuple(self.cleaned_data["sites"]) if role in DESK_BOUND_ROLES else ())


class InvitationForm(BelongingForm):
    """An address to invite, and to what."""

    email = forms.EmailField(label="Courriel professionnel", max_length=254)
    partner = forms.ModelChoiceField(
        label="Caisse",
        queryset=None,
        required=False,
        help_text="Pour un agent d’un partenaire. Seules les caisses dont la convention est en vigueur ici, et qui ne"
        " travaillent avec aucun autre CCAS, reçoivent un compte de vous.",
    )
    ccas = forms.ModelChoiceField(label="CCAS", queryset=Ccas.objects.all(), required=False)
    field_order = ["first_name", "last_name", "email", "role", "ccas", "sites", "partner"]

    def __init__(self, *args, by: User, **kwargs) -> None:
        partners = partners_to_invite_for(by)
        roles = [role for role in roles_given_by(by) if role != Role.PARTNER_AGENT or partners.exists()]
        super().__init__(*args, by=by, roles=roles, ccas=by.ccas, **kwargs)
        self.fields["partner"].queryset = partners
        self.fields["partner"].is_conditional = self.fields["ccas"].is_conditional = True
        if not by.is_superuser:
            del self.fields["ccas"]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Un compte porte déjà ce courriel.")
        return email

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        role = cleaned.get("role")
        if role == Role.PARTNER_AGENT and "partner" in cleaned and cleaned["partner"] is None:
            self.add_error("partner", "Choisissez la caisse dont cette personne est l’agent.")
        if "ccas" in cleaned and role and role != Role.PARTNER_AGENT and cleaned["ccas"] is None:
            self.add_error("ccas", "Choisissez le CCAS de cette personne.")
        return cleaned

    @property
    def belonging(self) -> Belonging:
        chosen = super().belonging
        partner = self.cleaned_data["partner"] if chosen.role == Role.PARTNER_AGENT else None
        return Belonging(chosen.role, chosen.sites, partner)


class AccountForm(BelongingForm):
    """The account as it is, to change: staff stay staff, and an agent keeps role and caisse."""

    def __init__(self, *args, user: User, by: User, **kwargs) -> None:
        self.user = user
        roles = [role for role in roles_given_by(by) if role != Role.PARTNER_AGENT]
        initial = {name: getattr(user, name) for name in ("first_name", "last_name", "role")}
        initial["sites"] = [site.pk for site in user.sites.all()]
        super().__init__(*args, by=by, roles=roles, ccas=user.ccas, initial=initial, **kwargs)
        if user.is_partner_agent:
            del self.fields["role"], self.fields["sites"]

    @property
    def belonging(self) -> Belonging:
        return Belonging(Role.PARTNER_AGENT, (), self.user.partner) if self.user.is_partner_agent else super().belonging


class ReasonForm(forms.Form):
    """Why: kept on the account's page."""

    reason = forms.CharField(label="Raison", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, hint: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = hint


class AccountFilterForm(forms.Form):
    """Which accounts the list shows; a word of an address that means nothing shows them all."""

    role = forms.ChoiceField(label="Rôle", required=False, choices=[("", "Tous les rôles"), *Role.choices])
    state = forms.ChoiceField(label="État", required=False, choices=[("", "Tous les états"), *AccountState.choices])


class FirstPasswordForm(SetPasswordForm):
    """The first password of an invited person, twice; the rule is said once, in a sentence."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, first.help_text = "Mot de passe", RULE
        second.label, second.help_text = "Le même mot de passe", ""
