"""How each address of the table is made for a row of a place, and what its form needs when the row is in it."""

from collections.abc import Callable

from .world import Belongings, Place

WRONG_SECRET = "ce-secret-n-ouvre-rien"
Arguments = dict[str, object]


def _pk(name: str) -> Callable[[Place], Arguments]:
    return lambda place: {"pk": getattr(place, name).pk}


def _all(names: str, row: str) -> dict[str, Callable[[Place], Arguments]]:
    return dict.fromkeys(names.split(), _pk(row))


# By URL name: the arguments that name a row of a place.
OF_PLACE: dict[str, Callable[[Place], Arguments]] = {
    # bookings
    **_all(
        "bookings:appointment_detail bookings:appointment_slip bookings:appointment_cancel"
        " bookings:appointment_restore bookings:appointment_move bookings:appointment_step_undo",
        "appointment",
    ),
    "bookings:appointment_step": lambda place: {"pk": place.appointment.pk, "step": "arrive"},
    **_all("bookings:to_replace_cancel bookings:to_replace_put_back", "to_replace"),
    **_all("bookings:visitor_detail bookings:visitor_update bookings:visitor_merge_choice", "visitor"),
    "bookings:visitor_merge": lambda place: {"pk": place.visitor.pk, "other_pk": place.twin.pk},
    "bookings:visitor_merge_undo": _pk("merge"),
    "bookings:distinction_forget": _pk("distinction"),
    **_all("bookings:desk_visit_edit bookings:desk_visit_strike_out bookings:desk_visit_restore", "visit"),
    **_all("bookings:office_lend bookings:office_sheet", "office"),
    **_all("bookings:loan_cancel bookings:loan_restore", "loan"),
    "bookings:notification_retry": _pk("message"),
    **_all("bookings:schedule_change_detail bookings:schedule_change_undo", "change"),
    "bookings:permanence_change": _pk("permanence"),
    "bookings:shared_link_revoke": _pk("planning_link"),
    **_all(
        "bookings:data_request bookings:data_request_reopen bookings:data_request_withdraw"
        " bookings:data_request_put_back",
        "request",
    ),
    **_all("bookings:data_request_create bookings:person_export bookings:person_export_document", "visitor"),
    "bookings:retention_rule": _pk("site"),
    **_all(
        " ".join(
            f"bookings:elimination{name}"
            for name in ("", "_document", "_rehearse", "_approve", "_unapprove", "_resume", "_withdraw")
        ),
        "elimination",
    ),
    "bookings:elimination_journal": _pk("finished_elimination"),
    **dict.fromkeys(
        ("bookings:elimination_keep", "bookings:elimination_put_back"),
        lambda place: {"pk": place.elimination.pk, "line_pk": place.elimination.lines.get().pk},
    ),
    # conventions
    **_all(
        " ".join(
            f"conventions:{name}"
            for name in (
                *("convention_detail", "convention_pdf", "convention_denounce", "convention_withdraw_denunciation"),
                *("amendment_list", "amendment_create", "convention_on_day", "convention_renew"),
                *("convention_renewal_undo", "convention_lineage", "convention_fee", "amount_explain"),
                *("deliberation_pdf", "convention_deadlines", "deadlines_waive_late", "convention_documents"),
                *("convention_document_add", "meeting_list", "committee_add", "training_add"),
            )
        ),
        "convention",
    ),
    **{
        f"conventions:{name}": lambda place: {"pk": place.convention.pk, "number": place.amendment.number}
        for name in (
            *("amendment_detail", "amendment_change", "amendment_put_in_force", "amendment_revoke"),
            *("amendment_delete", "amendment_signature", "amendment_pdf"),
        )
    },
    "conventions:remark_acknowledge": lambda place: {
        "pk": place.convention.pk,
        "code": place.remark.code,
        "fingerprint": place.remark.fingerprint,
    },
    "conventions:remark_take_back": _pk("acknowledgement"),
    **_all(
        "conventions:deadline_fulfil conventions:deadline_unfulfil conventions:deadline_waive"
        " conventions:deadline_unwaive",
        "due",
    ),
    **_all("conventions:document_download conventions:document_withdraw conventions:document_restore", "document"),
    "conventions:committee_edit": lambda place: {"row": place.committee.pk},
    "conventions:committee_delete": _pk("committee"),
    "conventions:training_edit": lambda place: {"row": place.training.pk},
    "conventions:training_delete": _pk("training"),
    "conventions:statement_issue": lambda place: {"pk": place.convention.pk, "period": "civile", "year": "2026-01-01"},
    **_all(
        "conventions:statement_detail conventions:statement_pdf conventions:statement_xlsx"
        " conventions:statement_correct conventions:statement_order conventions:statement_order_clear"
        " conventions:statement_payment conventions:statement_payment_clear",
        "statement",
    ),
    **_all("conventions:budget_line_edit conventions:budget_line_delete", "budget_line"),
    # casefiles
    "casefiles:visitor_files": lambda place: {"visitor_pk": place.visitor.pk},
    **_all(
        " ".join(
            f"casefiles:{name}"
            for name in (
                *("file_detail", "file_agreement", "file_agreement_remove", "file_urgent", "file_urgency_lift"),
                *("file_notes", "file_assign", "file_withdraw", "file_reopen", "file_renew", "document_add"),
            )
        ),
        "file",
    ),
    "casefiles:document_remove": lambda place: {"pk": place.file.pk, "document_pk": place.document_asked.pk},
    "casefiles:document_state": lambda place: {
        "pk": place.file.pk,
        "document_pk": place.document_asked.pk,
        "state": "recue",
    },
    **_all("casefiles:slip_detail casefiles:slip_document casefiles:slip_acknowledge", "slip"),
    **_all(
        "casefiles:line_detail casefiles:line_acknowledge casefiles:line_acknowledge_undo casefiles:line_return"
        " casefiles:line_return_undo casefiles:line_decision casefiles:line_decision_undo",
        "line",
    ),
    **_all(
        "casefiles:alert_detail casefiles:alert_see casefiles:alert_answer casefiles:alert_close"
        " casefiles:alert_reopen",
        "alert",
    ),
    # reports
    **_all(
        "reports:monthly_return reports:monthly_return_file reports:monthly_return_send reports:monthly_return_correct",
        "monthly_return",
    ),
    "reports:monthly_return_establish": lambda place: {
        "site": place.site.slug,
        "partner": place.partner.slug,
        "year": 2026,
        "month": 2,
    },
    "reports:annual_report_begin": _pk("convention"),
    **_all(
        "reports:annual_report reports:annual_report_establish reports:annual_report_discard"
        " reports:annual_report_print",
        "report",
    ),
    # partners
    **_all(
        "accounts:account_detail accounts:account_change accounts:account_change_undo accounts:account_suspend"
        " accounts:account_reactivate accounts:second_factor_reset accounts:proconnect_release",
        "clerk",
    ),
    **_all("accounts:invitation_send accounts:invitation_withdraw", "invited"),
    "audit:object": lambda place: {"slug": "convention", "pk": place.convention.pk},
    "admin:auth_user_password_change": lambda place: {"id": place.clerk.pk},
}
# Pages whose row is in the form that is sent.
FORMS: dict[str, Callable[[Place], Arguments]] = {
    "site_switch": lambda place: {"site": place.site.pk},
    "bookings:visitors_tell_apart": lambda place: {"a": place.visitor.pk, "b": place.twin.pk},
}
# Pages of what is one's own.
OF_OWNER: dict[str, Callable[[Belongings], Arguments]] = {
    "bookings:my_calendar_revoke": lambda own: {"pk": own.calendar_link.pk},
    "conventions:deadline_feed_revoke": lambda own: {"pk": own.feed.pk},
    "reports:work": lambda own: {"pk": own.work.pk},
    "reports:work_cancel": lambda own: {"pk": own.work.pk},
    "reports:work_file": lambda own: {"pk": own.work.pk},
    "mfa_remove_webauthn": lambda own: {"pk": own.key.pk},
    "mfa_edit_webauthn": lambda own: {"pk": own.key.pk},
}
# Pages that open by a secret, and the right one.
SECRETS: dict[str, Callable[[Place], str]] = {
    "bookings:cancel_by_link": lambda place: place.cancel_secret,
    "bookings:shared_planning": lambda place: place.planning_secret,
    "bookings:calendar_feed": lambda place: place.calendar_secret,
    "conventions:deadline_feed": lambda place: place.feed_secret,
    "accounts:invitation": lambda place: place.invitation_secret,
}
# Arguments that name no row.
FIXED: dict[str, Arguments] = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "faux-jeton"},
    "casefiles:file_export": {"slug": "tous", "extension": "csv"},
    "conventions:budget_copy": {"year": 2026},
    "reports:figures_file": {"extension": "csv"},
    "reports:figure": {"slug": "rendez-vous-effectues"},
    "reports:figure_rows": {"slug": "rendez-vous-effectues", "extension": "csv"},
    "reports:figure_rows_work": {"slug": "rendez-vous-effectues", "extension": "csv"},
    "admin:app_list": {"app_label": "partners"},
    "admin:view_on_site": {"content_type_id": "1", "object_id": "1"},
    "audit:export": {"extension": "csv"},
    "bookings:register_text": {"key": "responsable"},
}
# The rows of the admin, by model.
ADMIN_ROWS: dict[str, Callable[[Place], object]] = {
    "partners_ccas": lambda place: place.site.ccas,
    "partners_site": lambda place: place.site,
    "partners_office": lambda place: place.office,
    "partners_schoolholiday": lambda place: place.shared.holiday,
    "partners_partner": lambda place: place.partner,
    "partners_user": lambda place: place.clerk,
    "conventions_convention": lambda place: place.convention,
    "conventions_amendment": lambda place: place.amendment,
    "conventions_deliberation": lambda place: place.deliberation,
    "conventions_feestatement": lambda place: place.statement,
    "conventions_budgetline": lambda place: place.budget_line,
    "bookings_reason": lambda place: place.shared.reason,
    "bookings_deskreason": lambda place: place.shared.desk_reason,
    "bookings_messagesettings": lambda place: place.message_settings,
    "casefiles_casekind": lambda place: place.shared.kind,
    "mfa_authenticator": lambda place: place.clerk.authenticator_set.first(),
    "account_emailaddress": lambda place: place.address,
    "procrastinate_procrastinatejob": lambda place: place.job,
}
# Pages that take a row in their address' query, and searches whose word does not give the row away: what is out of
# reach does not show.
QUERIES: dict[str, Callable[[Place], Arguments]] = {
    "bookings:book": lambda place: {"usager": place.visitor.pk, "motif": place.shared.reason.slug},
    "bookings:appointment_list": lambda place: {"q": "anne"},
    "bookings:visitor_list": lambda place: {"q": "anne"},
    "bookings:day_list": lambda place: {"partenaire": place.partner.slug},
    "casefiles:file_open": lambda place: {"usager": place.visitor.pk},
    "casefiles:alert_raise": lambda place: {"dossier": place.file.pk},
    "casefiles:file_list": lambda place: {"q": "anne"},
    "casefiles:slip_list": lambda place: {"q": "berthe"},
    "casefiles:slip_preview": lambda place: {"partenaire": place.partner.slug},
    "casefiles:alert_list": lambda place: {"q": "anne"},
    "reports:statistics": lambda place: {"espace": place.site.slug, "partenaire": place.partner.slug},
    "conventions:document_list": lambda place: {"q": "piece"},
    "conventions:convention_list": lambda place: {"q": "convention"},
    "accounts:account_list": lambda place: {"q": "guichet"},
}
# Those of them that are nothing without it.
NEEDS_QUERY = frozenset({"bookings:day_list"})
