"""Places, partners and accounts are watched by the audit."""

from django.db import migrations

from partners.audit.triggers import track


class Migration(migrations.Migration):
    dependencies = [
        ("mfa", "0003_authenticator_type_uniq"),
        ("partners", "0006_audit"),
    ]

    operations = [
        track("partners_ccas", "partners.ccas", ccas="id"),
        track("partners_site", "partners.site", site="id", ccas="ccas_id"),
        track(
            "partners_openinghours", "partners.openinghours", page_label="partners.site", page="site_id", site="site_id"
        ),
        track("partners_closure", "partners.closure", page_label="partners.site", page="site_id", site="site_id"),
        track("partners_office", "partners.office", site="site_id"),
        track("partners_schoolholiday", "partners.schoolholiday"),
        track("partners_partner", "partners.partner"),
        track("partners_contact", "partners.contact", page_label="partners.partner", page="partner_id"),
        track("partners_establishment", "partners.establishment", ccas="ccas_id"),
        track("partners_user", "partners.user", ccas="ccas_id", masked="password", left_out="last_login"),
        track(
            "partners_user_sites",
            "partners.user_sites",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
        ),
        track(
            "partners_user_groups",
            "partners.user_groups",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
        ),
        track(
            "partners_user_user_permissions",
            "partners.user_user_permissions",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
        ),
        track(
            "partners_invitation",
            "partners.invitation",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
            masked="token_digest",
        ),
        track(
            "partners_suspension",
            "partners.suspension",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
        ),
        track(
            "partners_secondfactorreset",
            "partners.secondfactorreset",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
        ),
        track(
            "partners_proconnectlink",
            "partners.proconnectlink",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
        ),
        track(
            "mfa_authenticator",
            "mfa.authenticator",
            page_label="partners.user",
            page="user_id",
            ccas="user_id>partners_user.ccas_id",
            masked="data",
            left_out="last_used_at",
        ),
    ]
