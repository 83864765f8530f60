"""The places of the application: six for the desk, fewer for a partner's agent, and the pages that each holds."""

from dataclasses import dataclass

from django.http import HttpRequest

from .addresses import page_address


@dataclass(frozen=True)
class Entry:
    """A page as the map names it; it is current under each of `prefixes`."""

    label: str
    url_name: str
    prefixes: tuple[str, ...]
    pages: "tuple[Entry, ...]" = ()
    is_for_overseers: bool = False
    is_for_administrators: bool = False


CONVENTIONS = Entry(
    "Conventions",
    "conventions:convention_list",
    ("/conventions/", "/echeances/", "/documents/", "/etats-liquidatifs/", "/budget/"),
    (
        Entry("Conventions", "conventions:convention_list", ("/conventions/",)),
        Entry("Cohérence", "conventions:remark_list", ("/conventions/coherence/",)),
        Entry("Échéances", "conventions:deadline_list", ("/echeances/",)),
        Entry("Documents", "conventions:document_list", ("/documents/",)),
        Entry("États liquidatifs", "conventions:statement_list", ("/etats-liquidatifs/",)),
        Entry("Budget", "conventions:budget", ("/budget/",)),
    ),
)
STATISTICS = Entry("Statistiques", "reports:statistics", ("/statistiques/",))
STATISTICS_OF_OVERSEERS = Entry(
    "Statistiques",
    "reports:statistics",
    ("/statistiques/", "/releves/", "/bilans/", "/travaux/"),
    (
        Entry("Chiffres", "reports:statistics", ("/statistiques/",)),
        Entry("Relevés mensuels", "reports:monthly_return_list", ("/releves/",)),
        Entry("Bilans annuels", "reports:annual_report_list", ("/bilans/",)),
        Entry("Export national", "reports:national_export", ("/statistiques/export-national/",)),
        Entry("Mes fichiers", "reports:work_list", ("/travaux/",)),
    ),
)
STATISTICS_OF_AGENTS = Entry(
    "Statistiques",
    "reports:statistics",
    ("/statistiques/", "/releves/"),
    (
        Entry("Chiffres", "reports:statistics", ("/statistiques/",)),
        Entry("Relevés mensuels", "reports:monthly_return_list", ("/releves/",)),
    ),
)
ACCOUNTS = Entry(
    "Comptes",
    "accounts:account_list",
    ("/comptes/", "/journal/"),
    (
        Entry("Comptes", "accounts:account_list", ("/comptes/",)),
        Entry("Journal", "audit:journal", ("/journal/",), is_for_administrators=True),
    ),
)
STAFF_PLACES = (
    Entry(
        "Aujourd’hui",
        "bookings:today",
        ("/aujourdhui/", "/passages/", "/sans-issue/", "/a-replacer/"),
        (
            Entry("La journée", "bookings:today", ("/aujourdhui/",)),
            Entry("Passages", "bookings:desk_visit_list", ("/passages/",)),
            Entry("Sans issue", "bookings:unsettled_list", ("/sans-issue/",)),
            Entry("À replacer", "bookings:to_replace", ("/a-replacer/",)),
        ),
    ),
    Entry(
        "Agenda",
        "bookings:agenda",
        ("/agenda/", "/rendez-vous/", "/bureaux/", "/prets/", "/changements/", "/permanences/", "/liens/"),
        (
            Entry("La semaine", "bookings:agenda", ("/agenda/",)),
            Entry("Rendez-vous", "bookings:appointment_list", ("/rendez-vous/",)),
            Entry("Bureaux", "bookings:office_map", ("/bureaux/", "/prets/")),
            Entry("Changements", "bookings:schedule_change_list", ("/changements/", "/permanences/")),
            Entry("Liens des partenaires", "bookings:shared_link_list", ("/liens/",)),
        ),
    ),
    Entry(
        "Usagers",
        "bookings:visitor_list",
        ("/usagers/", "/messages/", "/donnees-personnelles/"),
        (
            Entry("Fiches", "bookings:visitor_list", ("/usagers/",)),
            Entry("Doublons", "bookings:duplicate_list", ("/usagers/doublons/",)),
            Entry("Messages", "bookings:notification_list", ("/messages/",)),
            Entry(
                "Données personnelles",
                "bookings:personal_data",
                ("/donnees-personnelles/",),
                is_for_overseers=True,
            ),
        ),
    ),
    Entry(
        "Dossiers",
        "casefiles:my_files",
        ("/dossiers/", "/bordereaux/", "/transmissions/", "/alertes/", "/point-numerique/"),
        (
            Entry("Les miens", "casefiles:my_files", ("/dossiers/mes-dossiers/",)),
            Entry("À compléter", "casefiles:files_to_complete", ("/dossiers/a-completer/",)),
            Entry("À envoyer", "casefiles:files_to_send", ("/dossiers/a-envoyer/", "/bordereaux/nouveau/")),
            Entry("Accusés attendus", "casefiles:files_awaited", ("/dossiers/accuses-attendus/",)),
            Entry("En retard", "casefiles:late_files", ("/dossiers/en-retard/",)),
            Entry("À renouveler", "casefiles:files_to_renew", ("/dossiers/a-renouveler/",)),
            Entry("Tous", "casefiles:file_list", ("/dossiers/", "/transmissions/")),
            Entry("Bordereaux", "casefiles:slip_list", ("/bordereaux/",)),
            Entry("Alertes", "casefiles:alert_list", ("/alertes/",)),
            Entry("Point numérique", "casefiles:computer", ("/point-numerique/",)),
        ),
    ),
    CONVENTIONS,
    STATISTICS_OF_OVERSEERS,
    ACCOUNTS,
)
AGENT_PLACES = (
    Entry(
        "Mon planning",
        "bookings:my_schedule",
        ("/mon-planning/",),
        (
            Entry("Ma semaine", "bookings:my_schedule", ("/mon-planning/",)),
            Entry("Signaler une absence", "bookings:my_absence", ("/mon-planning/absence/",)),
            Entry("Dans mon téléphone", "bookings:my_calendar", ("/mon-planning/agenda/",)),
            Entry("Obligations de ma caisse", "conventions:my_duties", ("/mon-planning/obligations/",)),
        ),
    ),
    Entry(
        "Dossiers",
        "casefiles:line_list",
        ("/transmissions/", "/bordereaux/"),
        (
            Entry("Dossiers reçus", "casefiles:line_list", ("/transmissions/",)),
            Entry("Bordereaux reçus", "casefiles:slip_list", ("/bordereaux/",)),
        ),
    ),
    Entry("Alertes", "casefiles:alert_list", ("/alertes/",)),
    STATISTICS_OF_AGENTS,
)


@dataclass(frozen=True)
class Place:
    """One entry of the navigation, for one page."""

    label: str
    url: str
    is_current: bool


def _placed(entries: tuple[Entry, ...], path: str) -> list[tuple[Entry, Place]]:
    """The entries as links; current is the one whose prefix fits `path` best, if any does."""
    fits = {
        entry: max((len(prefix) for prefix in entry.prefixes if path.startswith(prefix)), default=0)
        for entry in entries
    }
    best = max(fits.values(), default=0)
    return [
        (entry, Place(entry.label, page_address(entry.url_name), is_current=best > 0 and fits[entry] == best))
        for entry in entries
    ]


def places_of(request: HttpRequest) -> dict[str, list[Place]]:
    """`places`, where the signed-in person may go, and `pages`, those of the place where she is."""
    entries = AGENT_PLACES if request.user.is_partner_agent else STAFF_PLACES
    if not request.user.oversees_ccas:
        kept = (STATISTICS if entry is STATISTICS_OF_OVERSEERS else entry for entry in entries)
        entries = tuple(entry for entry in kept if entry not in (CONVENTIONS, ACCOUNTS))
    # Booking has a button of its own in the top bar and belongs to no place.
    path = "" if request.path == page_address("bookings:book") else request.path
    placed = _placed(entries, path)
    current = next((entry for entry, place in placed if place.is_current), None)
    pages = current.pages if current else ()
    if not request.user.oversees_ccas:
        pages = tuple(page for page in pages if not page.is_for_overseers)
    if not request.user.is_staff:
        pages = tuple(page for page in pages if not page.is_for_administrators)
    return {
        "places": [place for _entry, place in placed],
        "pages": [place for _entry, place in _placed(pages, path)],
    }
