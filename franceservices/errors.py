"""The error that a service raises when a rule of the field forbids what was asked."""


class DomainError(Exception):
    """A refusal with a sentence in French for the person: what happened, what was kept, what to do next."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
