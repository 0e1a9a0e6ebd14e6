"""What keeps a model from replying, and whether asking again may help."""

from experiment.errors import NoModel
from experiment.execution import Cause


class ModelBusy(NoModel):
    """The model failed in a way that may pass: the connection, a rate limit, an error of the server.

    What asking again cannot mend (a wrong key, no such model, no quota left) is a plain NoModel.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, cause: Cause = Cause.NO_REPLY) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds that the server asks to wait; None where it does not say."""
        self.cause = cause
        """The cause of an execution that gets no better than this: no reply, or one that was broken off."""
