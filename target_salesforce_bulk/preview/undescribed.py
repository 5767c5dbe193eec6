"""Stands in for objects of which there is no description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.salesforce.sobject import Field, SObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_salesforce_bulk.settings import StreamSettings


def undescribed(settings: StreamSettings, key_properties: Sequence[str]) -> list[SObject]:
    """The object of a stream and the parents that its columns name.

    Every field that `field_mapping` names exists, is a text of any length and may be a key.
    """
    mapping = settings.field_mapping or {}
    headers = [header for each in mapping.values() if (header := _field_of(each))]
    headers += [settings.external_id_field] if settings.external_id_field else []
    keys = {settings.external_id_field, *(_field_of(mapping.get(each)) for each in key_properties)}
    own = [_text(each, is_key=each in keys) for each in headers if "." not in each]
    found = {each.name.lower(): each for each in own}
    parents = [_parent(each) for each in headers if "." in each]
    references = {name: _reference(name, parent) for name, parent, _ in parents}
    return [
        SObject(
            name=settings.object or "Unknown",
            fields=(*found.values(), *references.values()),
        ),
        *_parents(parents),
    ]


def _field_of(target: Any) -> str:
    found = target.get("field") if isinstance(target, dict) else target
    return found if isinstance(found, str) else ""


def _text(name: str, *, is_key: bool) -> Field:
    return Field(name=name, type="string", external_id=is_key, id_lookup=is_key)


def _parent(header: str) -> tuple[str, str, str]:
    """The relationship, the parent's object and its field: `Owner`, `User`, `Email`."""
    before, _, field = header.rpartition(".")
    parent, colon, relationship = before.rpartition(":")
    return relationship, parent if colon else "", field


def _reference(relationship: str, parent: str) -> Field:
    others = (parent, f"{parent}Other") if parent else (f"{relationship}Parent",)
    return Field(
        name=f"{relationship}.",
        type="reference",
        relationship_name=relationship,
        reference_to=others,
    )


def _parents(parents: Sequence[tuple[str, str, str]]) -> Iterator[SObject]:
    objects: dict[str, dict[str, Field]] = {}
    for relationship, parent, field in parents:
        fields = objects.setdefault(parent or f"{relationship}Parent", {})
        fields[field] = _text(field, is_key=True)
    for name, fields in objects.items():
        yield SObject(name=name, fields=tuple(fields.values()))
