"""Every kind of finding by its code, as the list of all conventions lets one choose among them."""

from .fees import LabelledEnum


class FindingKind(LabelledEnum):
    """The codes of `findings.py` and `place_findings.py`; a test holds the three in agreement."""

    NO_DELIBERATION = "no_deliberation", "Sans délibération"
    WRONG_BODY = "wrong_body", "Assemblée qui n’engage pas le CCAS"
    SIGNED_BEFORE_DELIBERATION = "signed_before_deliberation", "Signée avant la délibération"
    BEGUN_BEFORE_DELIBERATION = "begun_before_deliberation", "Commencée avant la délibération"
    NO_PUBLICATION = "no_publication", "Publication inconnue"
    NO_TRANSMISSION = "no_transmission", "Transmission inconnue"
    PUBLICATION_BEFORE_SESSION = "publication_before_session", "Publiée avant la séance"
    TRANSMISSION_BEFORE_SESSION = "transmission_before_session", "Transmise avant la séance"
    TRANSMISSION_ID = "transmission_id", "Identifiant de télétransmission"
    NO_SIGNATURE = "no_signature", "Sans date de signature"
    SIGNED_BEFORE_ENFORCEABLE = "signed_before_enforceable", "Signée avant d’être exécutoire"
    TWO_AMOUNTS = "two_amounts", "Montant délibéré différent"
    COMPUTED_AMOUNT = "computed_amount", "Montant calculé différent"
    EXPIRED_WITHOUT_SUCCESSOR = "expired_without_successor", "Terme passé, sans suite"
    TERM_NEAR = "term_near", "Terme proche, sans suite"
    NOTICE_TOO_SHORT = "notice_too_short", "Préavis trop court"
    SLOT_BEYOND_TERM = "slot_beyond_term", "Créneau hors de la durée"
    SLOT_OUTSIDE_OPENING = "slot_outside_opening", "Créneau hors de l’ouverture"
    OFFICE_LENT_TWICE = "office_lent_twice", "Bureau prêté deux fois"
    OPENING_UNDER_24_HOURS = "opening_under_24_hours", "Ouverture de moins de 24 heures"
    NO_CERTIFICATE = "no_certificate", "Attestation d’assurance manquante"
    NO_MONTHLY_RETURN = "no_monthly_return", "Relevé mensuel manquant"
    NO_COMMITTEE = "no_committee", "Comité non tenu"
