"""Reads a vocabulary of one's own, in the form of `vocabulary.toml`, in addition to that one."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.mapping.suggest.demands import DEMANDS
from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary, shipped
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from pathlib import Path

#: What a new entry of a table must be like.
_TEXT, _TEXTS = "a text", "a list of texts"
_NEW: dict[str, str | dict[str, str]] = {
    "abbreviations": _TEXT,
    "prefixes": _TEXT,
    "objects": _TEXTS,
    "references": _TEXTS,
    "addresses": {"fields": _TEXTS, "phrases": _TEXTS},
    "parts": {"phrases": _TEXTS},
    "concepts": {"fields": _TEXTS, "phrases": _TEXTS},
}
_OPTIONAL: dict[str, dict[str, str]] = {
    "addresses": {},
    "parts": {"qualified": _TEXTS, "by_values": _TEXTS, "only": _TEXTS, "values": _TEXT},
    "concepts": {"values": _TEXT, "together": "a table"},
}


def read_own_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of this package with the words of a file added, which go before it.

    Raises:
        InputError: the file cannot be read, is not TOML, or has an entry of another form.
    """
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{plain_text(path)} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{plain_text(path)} is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{plain_text(path)} is not TOML: {plain_text(error)}.") from None
    except RecursionError:
        raise InputError(f"{plain_text(path)} is nested too deeply.") from None
    try:
        return Vocabulary(_extended(shipped(), own))
    except _EntryError as error:
        raise InputError(f"{plain_text(path)}: {plain_text(error)}") from None


class _EntryError(Exception):
    """An entry has another form than that of `vocabulary.toml`."""


def _extended(source: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    _check_names("", own, source)
    return source | {
        table: _extended_table(table, source[table], entries) for table, entries in own.items()
    }


def _extended_table(table: str, source: dict[str, Any], own: Any) -> dict[str, Any]:
    _check(table, own, "a table")
    if table not in _NEW:
        _check_names(table, own, source)
    entries = {
        name: _extended_entry(table, f"{table}.{name}", source.get(name), value)
        for name, value in own.items()
    }
    return source | entries


def _extended_entry(table: str, path: str, source: Any, own: Any) -> Any:
    form = _NEW.get(table, _TEXTS)
    if isinstance(form, str):
        _check(path, own, form)
        return [*own, *(source or ())] if form == _TEXTS else own
    _check(path, own, "a table")
    known = form | _OPTIONAL[table]
    _check_names(path, own, known)
    _check_whole(path, own if source is None else own | source, form)
    return {**(source or {}), **_parts(path, source or {}, own, known)}


def _parts(
    path: str, source: dict[str, Any], own: dict[str, Any], known: dict[str, str]
) -> dict[str, Any]:
    for name, value in own.items():
        _check(f"{path}.{name}", value, known[name])
    for phrase, others in own.get("together", {}).items():
        _check(f"{path}.together.{phrase}", others, _TEXTS)
    _check_demand(path, own.get("values", ""))
    return {
        name: [*value, *source.get(name, ())]
        if isinstance(value, list)
        else source.get(name, {}) | value
        if isinstance(value, dict)
        else value
        for name, value in own.items()
    }


def _check_demand(path: str, demand: str) -> None:
    if demand and demand not in DEMANDS:
        raise _EntryError(
            f"{path}.values is {demand!r}, which is not known. Known are: "
            f"{', '.join(sorted(DEMANDS))}."
        )


def _check_whole(path: str, entry: dict[str, Any], form: dict[str, str]) -> None:
    missing = [each for each in form if each not in entry]
    if missing:
        raise _EntryError(f"{path} is new and lacks {' and '.join(missing)}.")


def _check_names(path: str, own: dict[str, Any], known: dict[str, Any]) -> None:
    unknown = [each for each in own if each not in known]
    if unknown:
        entry = f"{path}.{unknown[0]}" if path else unknown[0]
        raise _EntryError(f"{entry} is not known. Known are: {', '.join(known)}.")


def _check(path: str, value: Any, form: str) -> None:
    is_text = isinstance(value, str) and bool(value.strip())
    are_texts = isinstance(value, list) and all(
        isinstance(each, str) and each.strip() for each in value
    )
    fits = {_TEXT: is_text, _TEXTS: are_texts, "a table": isinstance(value, dict)}
    if not fits[form]:
        raise _EntryError(f"{path} is not {form}.")
