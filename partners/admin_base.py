"""What every page of the admin has in common, whatever the floor: its perimeter, its fields, and no 500.

The perimeter is that of the pages: `visible_to(user)` of each model, for lists, addresses and choices alike.
"""

from functools import reduce
from operator import or_

from django.contrib import admin, messages
from django.db import IntegrityError, connection, models
from django.db.models import F, ProtectedError, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from franceservices.db import Folded
from franceservices.errors import DomainError
from franceservices.form_fields import FrenchDecimalField, FrenchTimeField, ReasonableDateField
from franceservices.money import NO_BREAK_SPACE
from franceservices.text import fold

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


class HouseInline(PerimeterMixin, admin.TabularInline):
    extra = 0


class HouseStackedInline(PerimeterMixin, admin.StackedInline):
    extra = 0


class HouseModelAdmin(PerimeterMixin, admin.ModelAdmin):
    """A model's pages: what is out of the perimeter is a 404, searches ignore accents, races end in a sentence."""

    list_per_page = 25
    list_max_show_all = 100
    # A form of the admin keeps what was typed; on a page of twelve articles one does not scroll to save.
    save_on_top = False

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
        for word in fold(search_term).split():
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
                "Quelqu’un d’autre modifiait les mêmes données au même moment. Rien n’a été enregistré :"
                " relisez la page, puis recommencez.",
            )
        except DomainError as refusal:
            return self._refuse(request, refusal.message)

    def _refuse(self, request: HttpRequest, sentence: str) -> HttpResponse:
        """The page again, as the database has it, with the reason why."""
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        """Like Django's; something that came to depend on the row meanwhile is shown, not a fault."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except (ProtectedError, IntegrityError):
            return self._refuse(
                request, "Rien n’a été supprimé : des données s’y rattachent depuis l’ouverture de cette page."
            )
