"""« Expliquer un montant »: which calculations of the fee give an amount that somebody read."""

from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from conventions.amount_explanations import explain_amount
from conventions.facts import read_facts
from conventions.models import Convention, FeeTerms
from franceservices.form_fields import FrenchDecimalField
from partners.permissions import CONVENTION_ROLES, for_roles

_STORED = FeeTerms._meta.get_field("annual_amount")


class AmountForm(forms.Form):
    montant = FrenchDecimalField(
        label="Montant annuel (€)",
        min_value=Decimal("0.01"),
        max_digits=_STORED.max_digits,
        decimal_places=_STORED.decimal_places,
        help_text="Celui que vous avez lu, par exemple 1 564 €.",
        error_messages={
            "required": "Écrivez un montant.",
            "min_value": "Un montant à expliquer est plus grand que zéro.",
            "max_digits": "Ce montant a trop de chiffres.",
            "max_whole_digits": "Ce montant a trop de chiffres.",
            "max_decimal_places": "Deux décimales au plus.",
        },
    )


@require_GET
@for_roles(CONVENTION_ROLES)
def amount_explain(request: HttpRequest, pk: int) -> HttpResponse:
    """The calculations that give the amount in the address, with the office, the grid and the hours of today."""
    visible = Convention.objects.visible_to(request.user).with_parties()
    convention = get_object_or_404(visible, pk=pk)
    facts = read_facts(convention)
    terms = facts.fee_terms
    is_asked = "montant" in request.GET
    form = AmountForm(request.GET if is_asked else None)
    amount = form.cleaned_data["montant"] if is_asked and form.is_valid() else None
    known = {}
    if terms is not None:
        known["Montant de la convention"] = terms.annual_amount
        if terms.deliberated_amount not in (None, terms.annual_amount):
            known["Montant de la délibération"] = terms.deliberated_amount
    found = [] if amount is None else explain_amount(facts, amount)
    context = {
        "convention": convention,
        "facts": facts,
        "form": form,
        "amount": amount,
        "known": [(label, f"{value:.2f}".replace(".", ","), value) for label, value in known.items() if value],
        "has_area": any(office.area_m2 for office in facts.offices),
        "agreed_rate": terms.rate_per_m2 if terms else None,
        "groups": [
            (heading, explained)
            for heading, explained in (
                ("Avec le tarif convenu", [one for one in found if one.is_agreed_rate]),
                ("Avec un autre tarif, rond", [one for one in found if not one.is_agreed_rate]),
            )
            if explained
        ],
        "found_count": len(found),
    }
    return render(request, "conventions/amount_explain.html", context)
