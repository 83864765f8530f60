"""All figures of a period on one page, and as a file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from partners.permissions import RoleRequiredMixin, for_roles
from reports.exports import figures_as_csv, figures_as_workbook
from reports.overview import sections
from reports.permissions import READER_ROLES, groups_for, may_export_rows, may_read_rows

from .asked import asked_by, preset_links, question_query


class StatisticsView(RoleRequiredMixin, TemplateView):
    """The figures of the spaces of a member of staff, or of the caisse of a partner's agent."""

    roles = READER_ROLES
    template_name = "reports/statistics.html"

    def get_context_data(self, **kwargs) -> dict[str, object]:
        asked = asked_by(self.request)
        groups = groups_for(self.request.user)
        return super().get_context_data(
            asked=asked,
            presets=preset_links(self.request, asked),
            sections=[
                {"found": section, "leads_to_rows": may_read_rows(self.request.user, section.group.source)}
                for section in sections(groups, asked.scope, asked.before)
            ],
            query=question_query(self.request),
            may_export=may_export_rows(self.request.user),
            **kwargs,
        )


@require_safe
@for_roles(READER_ROLES)
def figures_file(request: HttpRequest, extension: str) -> HttpResponse:
    """Every figure of the page with its definition: one line each."""
    asked = asked_by(request)
    groups = groups_for(request.user)
    match extension:
        case "csv":
            return figures_as_csv(groups, asked.scope, asked.before)
        case "xlsx":
            return figures_as_workbook(groups, asked.scope, asked.before, asked=asked.sentence)
    raise Http404
