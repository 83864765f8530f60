from django.db import models

from partners.models import Site


class ChangedMoment(models.Model):
    """What is counted at `site` on the day of `moment` changed: an appointment or a walk-in of that moment.

    Written by triggers of this floor in the transaction of each change, whatever writes it, and only ever added, so
    that no booking waits for another: the same moment may stand here many times. Whoever keeps sums of appointments or
    walk-ins reads here which days they no longer tell, and deletes exactly the rows that it has taken into account.
    """

    # No foreign key in the database: a booking has no lock to take for it.
    site = models.ForeignKey(
        Site, verbose_name="espace", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    moment = models.DateTimeField("moment")

    class Meta:
        verbose_name = "moment changé"
        verbose_name_plural = "moments changés"

    def __str__(self) -> str:
        return f"{self.site_id}, {self.moment}"
