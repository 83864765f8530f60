"""Refusals of this floor."""

from franceservices.errors import DomainError


class TimeTaken(DomainError):
    """Somebody else has the time; the caller proposes the next free ones and keeps what was typed."""

    def __init__(self) -> None:
        super().__init__("Ce créneau vient d’être pris.")


class TimeNotOffered(DomainError):
    """The time is past, outside any permanence, or not open to the person who asks."""
