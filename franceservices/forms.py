"""How every form of the application is written out: `{{ form }}` and `{{ field.as_field_group }}` use our markup."""

from django.forms.renderers import TemplatesSetting


class HouseRenderer(TemplatesSetting):
    """Labels above, help under, errors beside their field, and a summary on top that takes the focus."""

    form_template_name = "components/_form.html"
    field_template_name = "components/_field.html"
