"""`manage.py demo_accounts`: the accounts of the demonstration, as a table."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from partners.demo import DEMO_ACCOUNTS


class Command(BaseCommand):
    help = "Affiche les comptes de démonstration."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError("Les comptes de démonstration n’existent que si DEMO est activé.")
        rows = [("Courriel", "Mot de passe", "Personne", "Rôle")] + [
            (account.email, account.password, f"{account.first_name} {account.last_name}", account.role_label)
            for account in DEMO_ACCOUNTS
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            self.stdout.write("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
