"""Conventions and all that follows from them are watched by the audit."""

from django.db import migrations

from partners.audit.triggers import track


class Migration(migrations.Migration):
    dependencies = [
        ("conventions", "0009_remarks_and_people"),
        ("partners", "0007_audited"),
    ]

    operations = [
        track("conventions_convention", "conventions.convention", site="site_id"),
        track(
            "conventions_feeterms",
            "conventions.feeterms",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_article",
            "conventions.article",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_obligation",
            "conventions.obligation",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_amendment",
            "conventions.amendment",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_committeemeeting",
            "conventions.committeemeeting",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_trainingsession",
            "conventions.trainingsession",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_findingacknowledgement",
            "conventions.findingacknowledgement",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_officeallocation",
            "conventions.officeallocation",
            page_label="conventions.convention",
            page="convention_id",
            site="convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_permanenceslot",
            "conventions.permanenceslot",
            page_label="conventions.convention",
            page="allocation_id>conventions_officeallocation.convention_id",
            site="allocation_id>conventions_officeallocation.convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_obligationdue",
            "conventions.obligationdue",
            page_label="conventions.convention",
            page="obligation_id>conventions_obligation.convention_id",
            site="obligation_id>conventions_obligation.convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_trainedperson",
            "conventions.trainedperson",
            page_label="conventions.convention",
            left_out="name_key",
            page="session_id>conventions_trainingsession.convention_id",
            site="session_id>conventions_trainingsession.convention_id>conventions_convention.site_id",
        ),
        track(
            "conventions_document",
            "conventions.document",
            page_label="conventions.convention",
            page="convention_id",
            site="site_id",
        ),
        track(
            "conventions_feestatement",
            "conventions.feestatement",
            page_label="conventions.convention",
            page="convention_id",
            ccas="ccas_id",
            once="content",
        ),
        track("conventions_deliberation", "conventions.deliberation", ccas="ccas_id"),
        track("conventions_budgetline", "conventions.budgetline", ccas="ccas_id"),
        track(
            "conventions_deadlinefeed",
            "conventions.deadlinefeed",
            page_label="partners.site",
            page="site_id",
            site="site_id",
            masked="token_digest",
        ),
    ]
