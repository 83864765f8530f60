"""Refusals of this floor."""

from franceservices.errors import DomainError


class AlreadySent(DomainError):
    """Somebody else sent one of the files; nothing was sent by this request."""

    def __init__(self, name: str = "") -> None:
        whose = f" de {name}" if name else ""
        super().__init__(
            f"Le dossier{whose} vient de partir dans un autre bordereau. Rien n’a été envoyé\u00a0: reprenez la liste"
            " des dossiers à envoyer."
        )


class NotSendable(DomainError):
    """Files that may not enter a slip; `problems` says why, one French line each, nothing was sent."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Rien n’a été envoyé. " + " ".join(problems))
