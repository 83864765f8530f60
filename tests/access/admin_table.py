"""The admin: an administrator within her CCAS, the technical account everywhere, nobody else."""

from .reach import ALL, CCAS, NO, YES, Page, Reach, Subject, everybody

_ACTIONS = {
    "changelist": "liste",
    "add": "ajouter",
    "change": "page",
    "delete": "supprimer",
    "history": "historique",
}


def _line(name: str, title: str, administrator: Reach, technical: Reach) -> Page:
    return Page(name, title, administrator=administrator, technical=technical)


def _model(label: str, title: str, *, add: Reach = YES, row: Reach = CCAS, delete: Reach | None = None, **more) -> list:
    """The five pages of a model; `row` is how far an administrator sees its rows, `delete` which ones she removes."""
    app, model = label.split(".")
    technical_adds = more.get("technical_adds", YES)
    noted = {"delete": more.get("delete_note", "")}
    reaches = {
        "changelist": (YES, YES),
        "add": (add, technical_adds),
        "change": (row, ALL),
        "delete": (row if delete is None else delete, more.get("technical_deletes", ALL)),
        "history": (row, ALL),
    }
    lines = [
        _line(f"admin:{app}_{model}_{action}", f"{title} : {_ACTIONS[action]}{noted.get(action, '')}", *reaches[action])
        for action in _ACTIONS
    ]
    # Where Django sends addresses of its first versions: a redirection, for whoever may open the admin.
    return [*lines, _line(f"admin/{app}/{model}/<path:object_id>/", f"{title} : ancienne adresse", YES, YES)]


def _technical(label: str, title: str, **more) -> list:
    """A model of a library: for the technical account alone."""
    pages = _model(label, title, add=NO, row=NO, **more)
    hidden = [Page(page.name, page.title, technical=page.technical) for page in pages[:-1]]
    return [*hidden, pages[-1]]


# Made and undone on their own pages.
_READ = {"add": NO, "delete": NO, "technical_adds": NO, "technical_deletes": NO}
# Where several CCAS use it, the technical account removes it.
_SHARED = " (sauf si ses seules caisses s’en servent)"
ADMINISTRATION = Subject(
    "Administration",
    (
        _line("admin:index", "Accueil", YES, YES),
        _line("admin:app_list", "Accueil d’un étage", YES, YES),
        _line("admin:autocomplete", "Choix proposés en tapant", NO, NO),
        _line("admin:jsi18n", "Mots des scripts", YES, YES),
        _line("admin:view_on_site", "Voir sur le site", NO, NO),
        _line("admin:login", "Connexion", YES, YES),
        everybody("admin:logout", "Se déconnecter"),
        _line("admin:password_change", "Changer de mot de passe", YES, YES),
        _line("admin:password_change_done", "Mot de passe changé", YES, YES),
        _line("admin/(?P<url>.*)$", "Toute autre adresse", NO, NO),
        *_model("partners.ccas", "CCAS", add=NO, delete=NO),
        *_model("partners.site", "Espaces"),
        *_model("partners.office", "Bureaux"),
        *_model("partners.schoolholiday", "Vacances scolaires", add=NO, row=ALL, delete=NO),
        *_model("partners.partner", "Partenaires", row=ALL, delete=CCAS),
        *_model("partners.user", "Comptes"),
        _line("admin:auth_user_password_change", "Comptes : mot de passe", CCAS, ALL),
        *_model("conventions.convention", "Conventions"),
        *_model("conventions.amendment", "Avenants", **_READ),
        *_model("conventions.deliberation", "Délibérations"),
        *_model("conventions.feestatement", "États liquidatifs", **_READ),
        *_model("conventions.budgetline", "Lignes de budget"),
        *_model("bookings.reason", "Motifs de rendez-vous", row=ALL, delete=NO, delete_note=_SHARED),
        *_model("bookings.deskreason", "Motifs de passage", row=ALL),
        *_model("bookings.messagesettings", "Messages aux usagers"),
        *_model("casefiles.casekind", "Types de dossiers", row=ALL, delete=NO, delete_note=_SHARED),
        *_technical("account.emailaddress", "Adresses (bibliothèque)"),
        *_technical("mfa.authenticator", "Seconds facteurs (bibliothèque)"),
        *_technical("procrastinate.procrastinatejob", "Tâches (bibliothèque)", technical_adds=NO, technical_deletes=NO),
    ),
)
