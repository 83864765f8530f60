"""What the audit watches on this floor: the files of people, what was sent of them, and the kinds that there are."""

from partners.audit.tracking import audited

from .case_document import CaseDocument
from .case_file import CaseFile
from .case_kind import CaseKind, RequiredDocument
from .rights_alert import RightsAlert
from .slip_line import SlipLine
from .transmission_slip import TransmissionSlip

audited(
    site="site",
    person="visitor",
    personal=["urgency", "social_notes", "withdrawal_reason"],
    named_with=["visitor", "kind", "partner", "site"],
    readers="desk",
    url_name="casefiles:file_detail",
)(CaseFile)
audited(page="file", site="file__site", person="file__visitor", personal=["label"])(CaseDocument)
audited(
    name="ligne de bordereau",
    page="file",
    site="site",
    person="file__visitor",
    personal=["content", "missing", "return_note", "refusal_reason"],
    once=["content"],
    named_with=["slip", "file__visitor", "file__kind"],
)(SlipLine)
audited(
    site="site", once=["content"], named_with=["site", "partner"], readers="desk", url_name="casefiles:slip_detail"
)(TransmissionSlip)
audited(
    site="site",
    person="visitor",
    personal=["what", "answer"],
    named_with=["visitor", "partner"],
    readers="desk",
    url_name="casefiles:alert_detail",
)(RightsAlert)

audited(readers="administrators")(CaseKind)
audited(name="caisse d’une nature de dossier", page="casekind")(CaseKind.partners.through)
audited(page="kind")(RequiredDocument)
