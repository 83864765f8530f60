"""The facts of one file, read from its rows, and the stage that follows."""

from .models import CaseFile, DocumentState, SlipLine
from .stages import FileFacts, Stage, stage_of


def facts_of(file: CaseFile) -> FileFacts:
    """The facts as the database has them; two queries, none where `lines` and `documents` were prefetched."""
    lines, documents = list(file.lines.all()), list(file.documents.all())
    line = next((line for line in lines if line.returned_at is None), None)
    return FileFacts(
        is_withdrawn=file.withdrawn_at is not None,
        is_at_caisse=line is not None,
        is_acknowledged=line is not None and line.acknowledged_at is not None,
        result=line.result if line else "",
        was_returned=any(line.returned_at is not None for line in lines),
        has_agreement=file.agreed_on is not None,
        lacks_documents=any(
            document.is_mandatory and document.state == DocumentState.MISSING for document in documents
        ),
    )


def stage_of_file(file: CaseFile) -> Stage:
    """Where `file` stands."""
    return stage_of(facts_of(file))


def open_line_of(file: CaseFile) -> SlipLine | None:
    """The passage at the caisse that was not sent back: under way, or decided."""
    return next((line for line in file.lines.all() if line.returned_at is None), None)
