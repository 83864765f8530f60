"""Refusals of this floor."""

from franceservices.errors import DomainError


class TimeTaken(DomainError):
    """Somebody else has the time; the caller proposes the next free ones and keeps what was typed."""

    def __init__(self) -> None:
        super().__init__("Ce créneau vient d’être pris.")


class TimeNotOffered(DomainError):
    """The time is past, outside any permanence, or not open to the person who asks."""


class UnknownPerson(TimeNotOffered):
    """Nobody of that card can be booked for at the space: the time may be free, somebody else is to be chosen."""

    def __init__(
        self, message: str = "Cette personne n’est pas connue de cet espace. Cherchez-la par son nom."
    ) -> None:
        super().__init__(message)


class SituationChanged(DomainError):
    """What a person confirmed is no longer what would happen; the caller shows the new situation, nothing is done."""

    def __init__(self) -> None:
        super().__init__(
            "La situation a changé depuis l’affichage de cette page. Rien n’a été fait\u00a0: relisez la liste,"
            " vos choix sont conservés, puis confirmez."
        )


class OfficeTaken(DomainError):
    """Another use has the office at that time, whatever its kind; the sentence says whose."""
