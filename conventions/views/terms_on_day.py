"""The terms of a convention on any day: what was, what is, what is to come."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from conventions.facts import facts_on
from conventions.models import Convention
from conventions.pricing import explain_fee_of
from conventions.terms import read_history
from conventions.texts import filled_articles_of
from conventions.weekly_table import week_table
from franceservices.dates import format_date_long
from franceservices.form_fields import ReasonableDateField
from partners.permissions import CONVENTION_ROLES, for_roles


class DayForm(forms.Form):
    le = ReasonableDateField(label="Au", required=False)


@require_GET
@for_roles(CONVENTION_ROLES)
def convention_on_day(request: HttpRequest, pk: int) -> HttpResponse:
    """The grid, the fee, the term and the articles as amended on `?le=2026-03-15`; today without it."""
    convention = get_object_or_404(Convention.objects.visible_to(request.user).with_parties(), pk=pk)
    today = convention.site.today()
    form = DayForm(request.GET if "le" in request.GET else None, initial={"le": today})
    asked = (form.cleaned_data["le"] if form.is_bound and form.is_valid() else None) or today
    history = read_history(convention)
    facts = facts_on(history, on=asked)
    notice = ""
    if facts.on != asked:
        notice = (
            f"La convention court {convention.term_sentence}\u00a0: voici ses termes au {format_date_long(facts.on)},"
            " le jour le plus proche."
        )
    return render(
        request,
        "conventions/convention_on_day.html",
        {
            "convention": convention,
            "form": form,
            "day": facts.on,
            "notice": notice,
            "facts": facts,
            "amendment": history.in_effect_on(facts.on),
            "following": history.next_after(facts.on),
            "table": week_table(facts.convention, facts.slots_on_day),
            "fee": explain_fee_of(facts),
            "articles": filled_articles_of(facts),
        },
    )
