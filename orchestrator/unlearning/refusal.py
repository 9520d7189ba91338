"""Why a method of unlearning could not be run, by name."""

from __future__ import annotations

from orchestrator.errors import DataError


class ForgetDataMissing(DataError):
    """A method cannot do without the data to forget, and they are not here.

    Args:
        method: its name.
    """

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} needs the data to forget, and there are none here",
            mend="run it where their owner keeps them, or choose a method that needs none, such as weight-distance",
        )


class NotFinite(DataError):
    """A loss or a weight became NaN or infinite.

    Args:
        what: that is not finite, as the beginning of a sentence.
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not finite", mend="lower the learning rate or the strength")
