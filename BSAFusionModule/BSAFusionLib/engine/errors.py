"""Errors that a user can act on: what happened, and what to do."""

import traceback


class BSAFusionError(Exception):
    """Base of every error shown to a user; the message is one sentence that names cause, place and remedy."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InputError(BSAFusionError):
    """A volume, a file or an option cannot be used."""


class GeometryError(BSAFusionError):
    """The position, spacing or orientation of a volume cannot be used."""


class ModelError(BSAFusionError):
    """The network file is missing, altered or of another version."""


class DependencyError(BSAFusionError):
    """A library or a device that is needed is not there."""


class WorkerError(BSAFusionError):
    """The child process that computes has failed."""


def unexpected(error: Exception) -> WorkerError:
    """Wrap an error that nobody has foreseen; its traceback goes into the details."""
    kind, details = type(error).__name__, "".join(traceback.format_exception(error))
    return WorkerError(
        f"Something has gone wrong that should not ({kind}: {error}): run again, and if it happens again, "
        "report it with the details.",
        details,
    )


class Cancelled(BSAFusionError):  # noqa: N818 (the user's wish, not a failure)
    """The user has stopped the run."""

    def __init__(self) -> None:
        super().__init__("Cancelled.")
