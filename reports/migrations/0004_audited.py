"""Returns and reports are watched by the audit."""

from django.db import migrations

from partners.audit.triggers import track


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0003_monthly_sums"),
        ("partners", "0007_audited"),
    ]

    operations = [
        track("reports_monthlyreturn", "reports.monthlyreturn", site="site_id", once="content"),
        track("reports_annualreport", "reports.annualreport", ccas="ccas_id", once="content"),
    ]
