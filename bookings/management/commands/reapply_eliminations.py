"""`manage.py reapply_eliminations`: what was eliminated is eliminated again after an older backup is restored."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from bookings.personal_data.eliminating import forget_line
from bookings.personal_data.journal import read_journals, reapply


class Command(BaseCommand):
    help = "Refait, sur une base restaurée, les éliminations déjà approuvées et exécutées ; peut être relancée."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "dossier", nargs="?", type=Path, help="dossier des journaux d’élimination ; par défaut ELIMINATIONS_ROOT"
        )
        parser.add_argument("--dry-run", action="store_true", help="dit ce qui serait fait, sans rien changer")

    def handle(self, *args, dossier: Path | None, dry_run: bool, **options) -> None:
        total = 0
        with transaction.atomic():
            for journal in read_journals(dossier or Path(settings.ELIMINATIONS_ROOT)):
                elimination, done = reapply(journal, forget_line=forget_line)
                self.stdout.write(
                    f"Liste n° {elimination.full_number} : {done} personne(s) sur {len(journal['people'])}"
                    " anonymisée(s)"
                    " de nouveau."
                )
                total += done
            if dry_run:
                transaction.set_rollback(True)
        self.stdout.write(f"{total} personne(s) en tout{', rien n’a été changé (essai)' if dry_run else ''}.")
