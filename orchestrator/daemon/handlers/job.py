"""What a heavy effect's handler gives back: the part that computes."""

from collections.abc import Callable

Job = Callable[[], None]
