"""People, appointments and permanences are watched by the audit."""

from django.db import migrations

from partners.audit.triggers import track


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0012_personal_data"),
        ("partners", "0007_audited"),
    ]

    operations = [
        track(
            "bookings_visitor",
            "bookings.visitor",
            ccas="ccas_id",
            person="id",
            personal="birth_date,email,first_name,interpreter_language,last_name,needs_wheelchair_access,phone,phone_only,staff_notes",
            left_out="folded_name,name_key,search_text",
        ),
        track(
            "bookings_appointment",
            "bookings.appointment",
            site="site_id",
            person="visitor_id",
            personal="cancellation_reason,subject",
        ),
        track(
            "bookings_visitormerge",
            "bookings.visitormerge",
            page_label="bookings.visitor",
            page="kept_id",
            ccas="kept_id>bookings_visitor.ccas_id",
            person="merged_id",
            personal="facts_after,facts_before",
        ),
        track(
            "bookings_datarequest",
            "bookings.datarequest",
            page_label="bookings.visitor",
            page="visitor_id",
            site="site_id",
            person="visitor_id",
            personal="answer,asked_by,details,effect",
        ),
        track("bookings_eliminationlist", "bookings.eliminationlist", ccas="ccas_id", left_out="traces"),
        track(
            "bookings_retentionrule",
            "bookings.retentionrule",
            page_label="partners.site",
            page="site_id",
            site="site_id",
        ),
        track("bookings_permanence", "bookings.permanence", site="site_id"),
        track("bookings_schedulechange", "bookings.schedulechange", site="site_id"),
        track("bookings_deskvisit", "bookings.deskvisit", site="site_id"),
        track(
            "bookings_messagesettings",
            "bookings.messagesettings",
            page_label="partners.site",
            page="site_id",
            site="site_id",
        ),
        track("bookings_sharedlink", "bookings.sharedlink", site="site_id", masked="token_digest"),
        track("bookings_reason", "bookings.reason"),
        track("bookings_reason_partners", "bookings.reason_partners", page_label="bookings.reason", page="reason_id"),
        track("bookings_deskreason", "bookings.deskreason"),
    ]
