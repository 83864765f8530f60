"""`manage.py restore FICHIER`: a backup into an empty database and an empty folder of documents."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from franceservices.backups import restore


class Command(BaseCommand):
    help = "Remet une sauvegarde dans une base vide, après avoir vérifié chacun de ses fichiers."
    # The database is empty: there is nothing to check yet.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fichier", type=Path, help="une sauvegarde faite par « manage.py backup »")

    def handle(self, *args, **options) -> None:
        found = restore(options["fichier"], tell=self.stdout.write)
        self.stdout.write(f"Restauré : {sum(found.rows.values())} lignes, {found.documents} documents.")
