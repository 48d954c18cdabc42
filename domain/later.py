"""Fields of a frozen dataclass that are formed when one of them is first read; nobody can tell from outside."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any


class Later:
    """Mixed into a frozen dataclass: while the fields `LATER` do not stand yet, `_later` is a function that forms them.

    It is given the object, of which it reads only the other fields. A field of `LATER` has no plain default, which
    would stand in its place.
    """

    LATER: tuple[str, ...] = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Called for what is not formed yet, and for what does not exist."""
            said = self.__dict__
            form = said.get("_later") if name in self.LATER else None
            if form is not None:
                said.update(form(self))
                said.pop("_later", None)
            if name in said:  # or another thread formed it meanwhile
                return said[name]
            raise AttributeError(f"{type(self).__name__} has no {name}")

    def __getstate__(self) -> dict[str, Any]:
        """A copy, and whoever unpickles it, gets what is formed and not the way to form it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
