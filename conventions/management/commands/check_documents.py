"""`manage.py check_documents`: every stored document is there, and is what it was when it came."""

from django.core.management.base import BaseCommand, CommandError

from conventions.document_store import check_store
from conventions.models.document import document_storage


class Command(BaseCommand):
    help = (
        "Relit chaque document déposé, compare son empreinte SHA-256, et nomme ce qui manque, ce qui a changé"
        " et les fichiers que rien ne désigne."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--supprimer-orphelins",
            action="store_true",
            dest="delete_orphans",
            help="supprime les fichiers que rien ne désigne et qui ont plus d’une heure",
        )

    def handle(self, *args, delete_orphans: bool, **options) -> None:
        report = check_store()
        for document in report.missing:
            self.stdout.write(f"manque : document {document.pk}, {document.title} ({document.file.name})")
        for document in report.altered:
            self.stdout.write(f"a changé : document {document.pk}, {document.title} ({document.file.name})")
        for name in report.orphans:
            self.stdout.write(f"orphelin : {name}")
            if delete_orphans:
                document_storage().delete(name)
        self.stdout.write(
            f"{report.checked} document(s) relu(s) : {len(report.missing)} manquant(s), {len(report.altered)} "
            f"changé(s), {len(report.orphans)} orphelin(s){' supprimé(s)' if delete_orphans else ''}."
        )
        if report.missing or report.altered or (report.orphans and not delete_orphans):
            raise CommandError("Le dépôt des documents n’est pas sain : voir les lignes ci-dessus.")
