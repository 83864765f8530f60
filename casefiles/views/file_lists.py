"""The lists of files that a person works from, with their search, their filters and their export."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_GET

from bookings.models import Visitor
from bookings.visitor_search import search_terms
from casefiles.case_file_lists import WORK_LISTS, all_files
from casefiles.file_rows import EXPORT_HEADINGS, export_cells, file_row
from casefiles.forms import FileFilterForm
from casefiles.models import CaseFile, CaseKind, RightsAlert
from casefiles.models.case_file import CaseFileQuerySet
from franceservices.csv_files import csv_response, render_csv
from franceservices.dates import format_date_long
from franceservices.xlsx import Sheet, render_workbook, xlsx_response
from partners.models import Partner, Site, User
from partners.permissions import CONVENTION_ROLES, DESK_ROLES, DeskMixin, for_roles

FILES_A_PAGE = 25
LONGEST_SEARCH = 100
MOST_EXPORTED = 10_000
ALL = ""
TITLES = {ALL: "Tous les dossiers"} | {slug: work_list.title for slug, work_list in WORK_LISTS.items()}
EXPLANATIONS = {
    ALL: "Tous les dossiers de l’espace, les plus récents d’abord.",
    "mes-dossiers": "Les dossiers que vous suivez et qui ne sont pas terminés, les urgents d’abord.",
    "a-completer": "Il manque une pièce ou l’accord de la personne\u00a0; aussi ceux que la caisse a retournés.",
    "a-envoyer": "Complets, avec l’accord de la personne. Cochez-les pour préparer un bordereau.",
    "accuses-attendus": "Envoyés\u00a0: la caisse n’a pas encore accusé réception.",
    "en-retard": "L’accusé de réception ou la décision aurait dû arriver\u00a0: relancez la caisse.",
    "a-renouveler": "Les droits finissent dans les 120 jours et leur renouvellement n’est pas commencé.",
}
# What to do when a list is empty: a sentence, the name of an address and the words of its button.
EMPTY = {
    ALL: ("Aucun dossier dans cet espace pour le moment.", "casefiles:file_open", "Ouvrir un dossier"),
    "mes-dossiers": ("Vous ne suivez aucun dossier en cours.", "casefiles:file_list", "Voir tous les dossiers"),
    "a-completer": (
        "Rien à compléter\u00a0: tous les dossiers ouverts sont prêts.",
        "casefiles:files_to_send",
        "Voir ceux à envoyer",
    ),
    "a-envoyer": ("Aucun dossier n’attend d’être envoyé.", "casefiles:files_to_complete", "Voir ceux à compléter"),
    "accuses-attendus": (
        "La caisse a accusé réception de tout ce qui lui a été envoyé.",
        "casefiles:slip_list",
        "Voir les bordereaux",
    ),
    "en-retard": ("Aucun dossier n’est en retard.", "casefiles:file_list", "Voir tous les dossiers"),
    "a-renouveler": ("Aucun droit n’est à renouveler pour le moment.", "casefiles:file_list", "Voir tous les dossiers"),
}
URL_NAMES = {
    ALL: "casefiles:file_list",
    "mes-dossiers": "casefiles:my_files",
    "a-completer": "casefiles:files_to_complete",
    "a-envoyer": "casefiles:files_to_send",
    "accuses-attendus": "casefiles:files_awaited",
    "en-retard": "casefiles:late_files",
    "a-renouveler": "casefiles:files_to_renew",
}


def listed_files(slug: str, *, site: Site, user: User) -> CaseFileQuerySet:
    """The files at `site` of the list named `slug`, in the order of the work; every one for an empty name."""
    files = CaseFile.objects.visible_to(user).filter(site=site)
    return WORK_LISTS[slug].select(files, user, site.today()) if slug else all_files(files)


class FileFilters:
    """What the address asks for, and the files that answer to it."""

    def __init__(self, request: HttpRequest, *, slug: str, site: Site) -> None:
        self.form = FileFilterForm(
            request.GET,
            kinds=CaseKind.objects.filter(case_files__site=site).distinct(),
            partners=Partner.objects.filter(case_files__site=site).distinct(),
            has_stages=slug == ALL,
        )
        self.form.is_valid()
        self.wanted = self.form.cleaned_data
        self.words = self.wanted.get("q", "")[:LONGEST_SEARCH]
        self.visitors = Visitor.objects.visible_to(request.user)

    @property
    def is_set(self) -> bool:
        return any(self.wanted.values())

    def apply(self, files: CaseFileQuerySet) -> CaseFileQuerySet:
        """Those that answer to every readable filter; an unreadable one is told in the form and left aside."""
        columns = {"nature": "kind__slug", "caisse": "partner__slug", "etape": "stage"}
        found = files.filter(**{column: self.wanted[name] for name, column in columns.items() if self.wanted.get(name)})
        return found.matching(self.words) if self.words else found

    def nearly(self, files: CaseFileQuerySet) -> CaseFileQuerySet:
        """For when nobody answers exactly: the files of people whose name is spelt nearly so."""
        nearest = self.visitors.resembling(self.words).values_list("pk", flat=True)[:FILES_A_PAGE]
        return files.filter(visitor__in=list(nearest))


class CaseFileListView(DeskMixin, View):
    """One of the lists, or every file."""

    slug = ALL

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = FileFilters(request, slug=self.slug, site=self.site)
        files = listed_files(self.slug, site=self.site, user=request.user)
        paginator = Paginator(filters.apply(files), FILES_A_PAGE)
        are_nearest = bool(search_terms(filters.words).resembling) and not paginator.count
        if are_nearest:
            paginator = Paginator(filters.nearly(files), FILES_A_PAGE)
        page = paginator.get_page(request.GET.get("page"))
        today = self.site.today()
        sentence, next_url, next_action = EMPTY[self.slug]
        return render(
            request,
            "casefiles/file_list.html",
            {
                "title": TITLES[self.slug],
                "explanation": EXPLANATIONS[self.slug],
                "form": filters.form,
                "words": filters.words,
                "is_filtered": filters.is_set,
                "are_nearest": are_nearest and page.object_list,
                "page_obj": page,
                "rows": [file_row(file, today=today) for file in page],
                "can_send": self.slug == "a-envoyer",
                "can_renew": self.slug == "a-renouveler",
                "list_url": reverse(URL_NAMES[self.slug]),
                "export_slug": self.slug or "tous",
                "may_export": request.user.role in CONVENTION_ROLES,
                "empty": {"sentence": sentence, "url": reverse(next_url), "action": next_action},
            },
        )


@for_roles(CONVENTION_ROLES)
@require_GET
def case_file_export(request: HttpRequest, slug: str, extension: str) -> HttpResponse:
    """The list with its filters, whole, as a spreadsheet; for those who answer for the CCAS."""
    site = request.get_current_site()
    name = ALL if slug == "tous" else slug
    if site is None or name not in TITLES or extension not in ("csv", "xlsx"):
        raise Http404
    filters = FileFilters(request, slug=name, site=site)
    files = filters.apply(listed_files(name, site=site, user=request.user))
    today = site.today()
    rows = [export_cells(file_row(file, today=today)) for file in files[:MOST_EXPORTED]]
    file_name = f"dossiers {slug} {site.short_name} {today}"
    if extension == "csv":
        return csv_response(render_csv(EXPORT_HEADINGS, rows), file_name)
    title = f"{TITLES[name]}, {site.name}, le {format_date_long(today)}"
    sheet = Sheet(TITLES[name], EXPORT_HEADINGS, rows, preface=[title])
    return xlsx_response(render_workbook([sheet], title=title), file_name)


@for_roles(DESK_ROLES)
@require_GET
def visitor_files(request: HttpRequest, visitor_pk: int) -> HttpResponse:
    """The files and open alerts of one person, for the page of her card."""
    visitor = get_object_or_404(Visitor.objects.visible_to(request.user), pk=visitor_pk)
    files: QuerySet = CaseFile.objects.visible_to(request.user).filter(visitor=visitor)
    rows = [file_row(file, today=file.site.today()) for file in all_files(files)[:FILES_A_PAGE]]
    return render(
        request,
        "casefiles/_visitor_files.html" if request.htmx else "casefiles/visitor_files.html",
        {
            "visitor": visitor,
            "rows": rows,
            "alerts": RightsAlert.objects.visible_to(request.user).open().filter(visitor=visitor).with_parties(),
        },
    )
