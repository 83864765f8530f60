"""What every page of the admin has in common, whatever the floor: its perimeter, its fields, and no 500.

The perimeter is that of the pages: `visible_to(user)` of each model, for lists, addresses and choices alike.
"""

from functools import reduce
from operator import or_

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import NestedObjects
from django.core import checks
from django.db import IntegrityError, connection, models, router
from django.db.models import F, ProtectedError, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from franceservices.db import Folded
from franceservices.errors import DomainError
from franceservices.form_fields import FrenchDecimalField, FrenchTimeField, ReasonableDateField
from franceservices.money import NO_BREAK_SPACE
from franceservices.text import fold

# How many rows of one kind are named among what forbids a deletion.
NAMED_OBSTACLES = 5

# One form at a time, with the page that says what hangs on it: nobody deletes agreements by the dozen.
admin.site.disable_action("delete_selected")
# A grid has eight columns: the page's width is for what one edits.
admin.site.enable_nav_sidebar = False


def within_perimeter(queryset: QuerySet, request: HttpRequest) -> QuerySet:
    """Those of `queryset` that the signed-in person may see; all of them where the model has no perimeter."""
    manager = queryset.model._default_manager
    if not hasattr(manager, "visible_to"):
        return queryset
    return queryset.filter(pk__in=manager.visible_to(request.user).values("pk"))


class PerimeterMixin:
    """Rows and choices within the perimeter of the signed-in person, and fields that read what French hands type."""

    formfield_overrides = {
        models.DecimalField: {"form_class": FrenchDecimalField},
        models.DateField: {"form_class": ReasonableDateField, "widget": ReasonableDateField.widget},
        # Boxes to tick: one sees what is chosen, and every reader can reach it.
        models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple},
        models.TimeField: {"form_class": FrenchTimeField, "widget": FrenchTimeField.widget},
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return within_perimeter(super().get_queryset(request), request)

    def get_field_queryset(self, db, db_field, request: HttpRequest) -> QuerySet:
        """The choices of a foreign key; Django asks here for every one that is not given a queryset by hand."""
        queryset = super().get_field_queryset(db, db_field, request)
        if queryset is None:
            queryset = db_field.remote_field.model._default_manager.all()
        return within_perimeter(queryset, request)


class NamedFieldsMixin:
    """A formset shown as a table: its cells have no label, so each field carries its name for screen readers."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            field.widget.attrs.setdefault("aria-label", str(field.label or name))


def with_named_fields(formset: type[forms.BaseFormSet]) -> type[forms.BaseFormSet]:
    """The same formset, its fields named."""
    return type(formset.__name__, (NamedFieldsMixin, formset), {})


class HouseInline(PerimeterMixin, admin.TabularInline):
    extra = 0

    def get_formset(self, request: HttpRequest, obj: models.Model | None = None, **kwargs) -> type[forms.BaseFormSet]:
        return with_named_fields(super().get_formset(request, obj, **kwargs))


class HouseStackedInline(PerimeterMixin, admin.StackedInline):
    extra = 0


class HouseModelAdmin(PerimeterMixin, admin.ModelAdmin):
    """A model's pages: what is out of the perimeter is a 404, searches ignore accents, races end in a sentence."""

    # Rows that all CCAS share, such as reasons: said where it is so, because a model without `visible_to` shows all.
    is_shared = False
    list_per_page = 25
    list_max_show_all = 100
    # A form of the admin keeps what was typed; on a page of twelve articles one does not scroll to save.
    save_on_top = False

    def check(self, **kwargs) -> list[checks.CheckMessage]:
        """Django's checks, and ours: a model has a perimeter, or its page says that it has none."""
        found = super().check(**kwargs)
        if not self.is_shared and not hasattr(self.model._default_manager, "visible_to"):
            found.append(
                checks.Error(
                    f"{self.model._meta.label} has no `visible_to`: every CCAS would see the rows of the others.",
                    hint="Give its QuerySet a perimeter, or set `is_shared = True`.",
                    obj=self.__class__,
                    id="partners.E001",
                )
            )
        return found

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, object]:
        """A new row is of one's own CCAS, where it names one."""
        return {"ccas": request.user.ccas_id, **super().get_changeform_initial_data(request)}

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: dict, *args, **kwargs) -> HttpResponse:
        name = self.opts.verbose_name
        context["title"] = capfirst(name) if context.get("original") else f"Ajouter{NO_BREAK_SPACE}: {name}"
        return super().render_change_form(request, context, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None):
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Each word in one of `search_fields`, whatever the accents, case, hyphens and order."""
        columns = {f"searched_{index}": Folded(F(name)) for index, name in enumerate(self.search_fields)}
        found = queryset.alias(**columns)
        for word in fold(search_term).split() if columns else []:
            found = found.filter(reduce(or_, (Q(**{f"{name}__contains": word}) for name in columns)))
        return found, False

    def save_related(self, request: HttpRequest, form, formsets, change) -> None:
        """Like Django's; what the database checks at the end of a transaction is checked now, while it can be said."""
        super().save_related(request, form, formsets, change)
        self.settle(request, form, formsets, change=change)
        connection.check_constraints()

    def settle(self, request: HttpRequest, form, formsets, *, change: bool) -> None:
        """What follows from rows that are all written; part of the same transaction."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Like Django's; when somebody else's row got in between the check and the save, check once more.

        The second look finds that row and says so beside the field, with everything that was typed.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            if request.method != "POST":
                raise
        except DomainError as refusal:
            return self._refuse(request, refusal.message)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            return self._refuse(
                request,
                "Quelqu’un d’autre modifiait les mêmes données au même moment. Rien n’a été enregistré\u00a0:"
                " relisez la page, puis recommencez.",
            )
        except DomainError as refusal:
            return self._refuse(request, refusal.message)

    def _refuse(self, request: HttpRequest, sentence: str) -> HttpResponse:
        """The page again, as the database has it, with the reason why."""
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple[list, dict, set, list]:
        """Like Django's; what stands in the way is named, but not by the hundred."""
        collector = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        collector.collect(objs)
        if not collector.protected:
            return super().get_deleted_objects(objs, request)
        by_model: dict[models.options.Options, list[models.Model]] = {}
        for row in sorted(collector.protected, key=lambda row: row.pk):
            by_model.setdefault(row._meta, []).append(row)
        lines = []
        for options, rows in by_model.items():
            lines += [f"{capfirst(options.verbose_name)}{NO_BREAK_SPACE}: {row}" for row in rows[:NAMED_OBSTACLES]]
            if len(rows) > NAMED_OBSTACLES:
                lines.append(f"{options.verbose_name_plural}, encore{NO_BREAK_SPACE}: {len(rows) - NAMED_OBSTACLES}")
        return [], {}, set(), lines

    def delete_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        """Like Django's; something that came to depend on the row meanwhile is shown, not a fault."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (ProtectedError, IntegrityError):
            return self._refuse(
                request, "Rien n’a été supprimé\u00a0: des données s’y rattachent depuis l’ouverture de cette page."
            )
