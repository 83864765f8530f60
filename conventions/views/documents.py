"""The documents of a convention or of a space: listed, uploaded, given back as downloads, withdrawn and restored."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View
from django.views.decorators.http import require_GET, require_POST

from conventions.document_forms import DocumentFilterForm, DocumentForm
from conventions.document_store import add_document, restore_document, withdraw_document
from conventions.fulfilment import PROVING_KINDS, proven_by
from conventions.models import Convention, Document, DocumentKind, ObligationDue
from franceservices.downloads import private_download
from franceservices.errors import DomainError
from partners.models import Site
from partners.permissions import CONVENTION_ROLES, RoleRequiredMixin, current_site_or_404, for_roles

DOCUMENTS_A_PAGE = 25


class DocumentsOfMixin(RoleRequiredMixin):
    """A page about the documents of one convention (`pk` in the address) or of the space one works in."""

    roles = CONVENTION_ROLES
    convention: Convention | None
    site: Site

    def setup(self, request: HttpRequest, *args, **kwargs) -> None:
        super().setup(request, *args, **kwargs)
        self.convention = None

    def find_place(self) -> None:
        """Set `site` and `convention`; Http404 for what is not of the person's CCAS."""
        if "pk" in self.kwargs:
            visible = Convention.objects.visible_to(self.request.user).select_related("site__ccas", "partner")
            self.convention = get_object_or_404(visible, pk=self.kwargs["pk"])
            self.site = self.convention.site
            return
        self.site = current_site_or_404(self.request)

    def list_address(self) -> str:
        if self.convention:
            return reverse("conventions:convention_documents", args=[self.convention.pk])
        return reverse("conventions:document_list")

    def upload_address(self) -> str:
        if self.convention:
            return reverse("conventions:convention_document_add", args=[self.convention.pk])
        return reverse("conventions:document_add")


class DocumentListView(DocumentsOfMixin, View):
    """The documents, the newest first; those of a space include those of its conventions."""

    def get(self, request: HttpRequest, **_kwargs) -> HttpResponse:
        self.find_place()
        filter_form = DocumentFilterForm(request.GET)
        documents = Document.objects.visible_to(request.user).filter(site=self.site)
        if self.convention:
            documents = documents.filter(convention=self.convention)
        documents = filter_form.filtered(documents, today=self.site.today())
        documents = documents.select_related("site", "convention__partner", "uploaded_by", "withdrawn_by")
        context = {
            "convention": self.convention,
            "site": self.site,
            "today": self.site.today(),
            "filter_form": filter_form,
            "list_url": self.list_address(),
            "upload_url": self.upload_address(),
            "page_obj": Paginator(documents, DOCUMENTS_A_PAGE).get_page(request.GET.get("page")),
        }
        return render(request, "conventions/document_list.html", context)


class DocumentAddView(DocumentsOfMixin, View):
    """One upload. With `?echeance=`, the document is meant to prove that occurrence, and the next page says so."""

    def get(self, request: HttpRequest, **_kwargs) -> HttpResponse:
        self.find_place()
        occurrence = self.occurrence()
        initial = {"kind": request.GET.get("nature", "")}
        if occurrence:
            kind = PROVING_KINDS.get(occurrence.obligation.kind, DocumentKind.OTHER)
            initial = {"kind": kind, "valid_from": occurrence.period_starts_on, "valid_until": None}
            if kind == DocumentKind.INSURANCE_CERTIFICATE:
                initial["valid_until"] = occurrence.period_ends_on
        return self.answer(DocumentForm(request=request, initial=initial), occurrence)

    def post(self, request: HttpRequest, **_kwargs) -> HttpResponse:
        self.find_place()
        occurrence = self.occurrence()
        form = DocumentForm(request.POST, request.FILES, request=request)
        if not form.is_valid():
            return self.answer(form, occurrence)
        try:
            document = add_document(
                site=self.site,
                convention=self.convention,
                kind=form.cleaned_data["kind"],
                title=form.title_chosen,
                valid_from=form.cleaned_data["valid_from"],
                valid_until=form.cleaned_data["valid_until"],
                upload=form.cleaned_data["file"],
                by=request.user,
            )
        except DomainError as refusal:
            form.add_error("file", refusal.message)
            return self.answer(form, occurrence)
        messages.success(
            request,
            f"Document déposé sous le nom «\u00a0{document.name}\u00a0».",
            extra_tags=reverse("conventions:document_withdraw", args=[document.pk]),
        )
        proven = occurrence or proven_by(document)
        if proven is None:
            return redirect(self.list_address())
        return redirect(f"{reverse('conventions:deadline_fulfil', args=[proven.pk])}?document={document.pk}")

    def occurrence(self) -> ObligationDue | None:
        """The open occurrence of this convention that the address names, if it does."""
        named = self.request.GET.get("echeance", "")
        if self.convention is None or not named.isascii() or not named.isdigit() or len(named) > 18:
            return None
        found = ObligationDue.objects.open().filter(obligation__convention=self.convention)
        return found.select_related("obligation").filter(pk=int(named)).first()

    def answer(self, form: DocumentForm, occurrence: ObligationDue | None) -> HttpResponse:
        context = {
            "form": form,
            "convention": self.convention,
            "site": self.site,
            "occurrence": occurrence,
            "list_url": self.list_address(),
            # A browser sends no file twice: said beside the errors, so that nobody looks for it.
            "must_choose_again": "file" in self.request.FILES and "file" not in form.errors,
        }
        return render(self.request, "conventions/document_form.html", context)


@require_GET
@for_roles(CONVENTION_ROLES)
def document_download(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes, to be saved under the name that they came with; a withdrawn document is still readable."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    try:
        content = document.file.open("rb")
    except FileNotFoundError:
        messages.error(
            request,
            f"Le fichier de «\u00a0{document.title}\u00a0» manque dans le dépôt. Prévenez l’administrateur"
            " technique\u00a0: la commande check_documents en fait la liste.",
        )
        return redirect(_list_of(document))
    return private_download(content, name=document.name, content_type=document.content_type)


@require_POST
@for_roles(CONVENTION_ROLES)
def document_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it out of the lists; the message offers to put it back."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    try:
        withdraw_document(document=document, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(
            request,
            f"«\u00a0{document.title}\u00a0» est retiré. Le fichier reste gardé.",
            extra_tags=reverse("conventions:document_restore", args=[document.pk]),
        )
    return redirect(_list_of(document))


@require_POST
@for_roles(CONVENTION_ROLES)
def document_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it back among the others."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    try:
        restore_document(document=document, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"«\u00a0{document.title}\u00a0» est de nouveau dans la liste.")
    return redirect(_list_of(document))


def _list_of(document: Document) -> str:
    if document.convention_id:
        return reverse("conventions:convention_documents", args=[document.convention_id])
    return reverse("conventions:document_list")
