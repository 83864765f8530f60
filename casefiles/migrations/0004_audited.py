"""Case files and what is sent of them are watched by the audit."""

from django.db import migrations

from partners.audit.triggers import track


class Migration(migrations.Migration):
    dependencies = [
        ("casefiles", "0003_slips_without_the_person"),
        ("partners", "0007_audited"),
    ]

    operations = [
        track(
            "casefiles_casefile",
            "casefiles.casefile",
            site="site_id",
            person="visitor_id",
            personal="social_notes,urgency,withdrawal_reason",
        ),
        track(
            "casefiles_casedocument",
            "casefiles.casedocument",
            page_label="casefiles.casefile",
            page="file_id",
            site="file_id>casefiles_casefile.site_id",
            person="file_id>casefiles_casefile.visitor_id",
            personal="label",
        ),
        track(
            "casefiles_slipline",
            "casefiles.slipline",
            page_label="casefiles.casefile",
            page="file_id",
            site="site_id",
            person="file_id>casefiles_casefile.visitor_id",
            personal="content,missing,refusal_reason,return_note",
            once="content",
        ),
        track("casefiles_transmissionslip", "casefiles.transmissionslip", site="site_id", once="content"),
        track(
            "casefiles_rightsalert",
            "casefiles.rightsalert",
            site="site_id",
            person="visitor_id",
            personal="answer,what",
        ),
        track("casefiles_casekind", "casefiles.casekind"),
        track(
            "casefiles_casekind_partners",
            "casefiles.casekind_partners",
            page_label="casefiles.casekind",
            page="casekind_id",
        ),
        track(
            "casefiles_requireddocument", "casefiles.requireddocument", page_label="casefiles.casekind", page="kind_id"
        ),
    ]
