from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection
from django.utils import timezone

from franceservices.dates import add_months, format_date_long
from partners.models import AuditEvent


class Command(BaseCommand):
    help = (
        "Efface du journal ce qui a passé la durée de conservation (AUDIT_RETENTION_YEARS), et l’y inscrit. À lancer"
        " avec le rôle propriétaire de la base."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Compter sans rien effacer.")

    def handle(self, *args, dry_run: bool, **options) -> None:
        now = timezone.now()
        day = add_months(now.date(), -12 * settings.AUDIT_RETENTION_YEARS)
        limit = now.replace(year=day.year, month=day.month, day=day.day)
        if dry_run:
            count = AuditEvent.objects.filter(at__lt=limit).count()
            self.stdout.write(f"{count} évènements d’avant le {format_date_long(day)} seraient effacés.")
            return
        if settings.AUDIT_RETENTION_YEARS < 1:
            raise CommandError("Le journal se garde un an au moins\u00a0: AUDIT_RETENTION_YEARS est trop court.")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT audit_purge(%s)", [limit])
                removed = cursor.fetchone()[0]
        except ProgrammingError as error:
            raise CommandError("Seul le rôle propriétaire de la base peut effacer ce qui est trop ancien.") from error
        self.stdout.write(f"{removed} évènements d’avant le {format_date_long(day)} ont été effacés.")
