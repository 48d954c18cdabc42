"""Whoever has a fuse may lose its power before or after any call to the outside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

Port = TypeVar("Port")


class PowerCut(BaseException):
    """The process is gone, at once: nothing in it may catch this."""


def cut() -> None:
    """The power goes."""
    raise PowerCut


@dataclass
class Fuse:
    """Burns after so many moments, once; a moment is before and after each call to the outside. None: never.

    What it does then is a power cut, or what somebody else does in the middle of a process's work.
    """

    moments_left: int | None = None
    burns: Callable[[], None] = cut

    def set(self, moments: int | None, burns: Callable[[], None] = cut) -> None:
        """Negative: never."""
        self.moments_left = None if moments is None or moments < 0 else moments
        self.burns = burns

    def moment(self) -> None:
        if self.moments_left is None:
            return
        if self.moments_left == 0:
            self.moments_left = None
            self.burns()
        else:
            self.moments_left -= 1


class _Mortal:
    def __init__(self, port: object, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._between_moments(found) if callable(found) else found

    def _between_moments(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def mortal_call(*args: Any, **kwargs: Any) -> Any:
            self._fuse.moment()
            answer = call(*args, **kwargs)
            self._fuse.moment()
            return answer

        return mortal_call


def mortal(port: Port, fuse: Fuse) -> Port:
    """The same port for a caller that may die at it."""
    return cast("Port", _Mortal(port, fuse))
