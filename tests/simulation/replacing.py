"""Replaces what the program's modules use by shims, and restores it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Undo = list[Callable[[], None]]


@contextmanager
def replaced(package: str, pairs: list[tuple[Any, Any]]) -> Iterator[None]:
    """Replace objects wherever modules of a package refer to them.

    A module holds a thing as a global of its own, under whatever name, or as the default of a
    parameter.
    """
    stands_for = {id(real): shim for real, shim in pairs}
    undo: Undo = []
    try:
        for name, module in list(sys.modules.items()):
            if name == package or name.startswith(f"{package}."):
                _replace_globals(vars(module), stands_for, undo)
                _replace_defaults(vars(module), name, stands_for, undo)
        yield
    finally:
        for step in reversed(undo):
            step()


def _replace_globals(space: dict[str, Any], stands_for: dict[int, Any], undo: Undo) -> None:
    for name, value in list(space.items()):
        if id(value) in stands_for:
            undo.append(lambda name=name, value=value: space.__setitem__(name, value))  # type: ignore[misc]
            space[name] = stands_for[id(value)]


def _replace_defaults(
    space: dict[str, Any], module: str, stands_for: dict[int, Any], undo: Undo
) -> None:
    for value in list(space.values()):
        if getattr(value, "__module__", None) != module:
            continue
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for function in members:
            if isinstance(function, FunctionType):
                _replace_in_function(function, stands_for, undo)


def _replace_in_function(function: FunctionType, stands_for: dict[int, Any], undo: Undo) -> None:
    named, placed = function.__kwdefaults__, function.__defaults__
    if named and any(id(value) in stands_for for value in named.values()):
        undo.append(lambda: setattr(function, "__kwdefaults__", named))
        function.__kwdefaults__ = {n: stands_for.get(id(v), v) for n, v in named.items()}
    if placed and any(id(value) in stands_for for value in placed):
        undo.append(lambda: setattr(function, "__defaults__", placed))
        function.__defaults__ = tuple(stands_for.get(id(v), v) for v in placed)
