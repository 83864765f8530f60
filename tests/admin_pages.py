"""Driving the admin's pages as a browser would: what a page shows is what is posted back, with some answers changed."""

from django import forms
from django.http import HttpResponse


def shown_values(response: HttpResponse) -> dict[str, object]:
    """What the browser would post from the change page in `response`, with nothing touched."""
    shown = [response.context["adminform"].form]
    values: dict[str, object] = {}
    for admin_formset in response.context.get("inline_admin_formsets", []):
        formset = admin_formset.formset
        shown += [formset.management_form, *formset.forms]
    for form in shown:
        for field in form:
            value = _shown(field)
            if value is not None:
                values[field.html_name] = value
    return values


def _shown(field: forms.BoundField) -> object:
    value = field.value()
    if isinstance(field.field.widget, forms.CheckboxInput):
        return "on" if value else None
    if isinstance(field.field, forms.ModelMultipleChoiceField):
        return [str(getattr(item, "pk", item)) for item in value or []]
    formatted = field.field.widget.format_value(value)
    if isinstance(formatted, list | tuple):
        formatted = formatted[0] if formatted else ""
    return "" if formatted is None else str(formatted)


def add_line(values: dict[str, object], prefix: str, **fields: object) -> dict[str, object]:
    """`values` with one more line in the inline `prefix`."""
    index = int(values[f"{prefix}-TOTAL_FORMS"])
    return (
        values | {f"{prefix}-TOTAL_FORMS": str(index + 1)} | {f"{prefix}-{index}-{key}": fields[key] for key in fields}
    )


def errors_of(response: HttpResponse) -> str:
    """All the sentences of refusal on the page, in one text; fails when the page was not shown again."""
    assert response.status_code == 200, response.status_code
    context = response.context
    found = [str(context["adminform"].form.errors)]
    for admin_formset in context.get("inline_admin_formsets", []):
        found += [str(form.errors) for form in admin_formset.formset.forms]
        found.append(str(admin_formset.formset.non_form_errors()))
    return " ".join(found).replace("\u00a0", " ").replace("\u202f", " ").replace("&#x27;", "'")


def messages_of(response: HttpResponse) -> str:
    return " ".join(str(message) for message in response.context["messages"]).replace("\u00a0", " ")
