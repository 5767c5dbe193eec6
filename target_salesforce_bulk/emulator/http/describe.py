"""Describe documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.schema import FieldSchema, ObjectSchema

#: Members of a field that `objects.json` may leave out.
# Recorded from real orgs: SFDO-Tooling/CumulusCI, cumulusci/tests/shared_cassettes.
_FIELD_DEFAULTS: dict[str, Any] = {
    "aggregatable": True,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": 0,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": False,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filterable": True,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": True,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": False,
    "inlineHelpText": None,
    "label": "",
    "length": 0,
    "mask": None,
    "maskType": None,
    "name": "",
    "nameField": False,
    "namePointing": False,
    "nillable": False,
    "permissionable": True,
    "picklistValues": [],
    "polymorphicForeignKey": False,
    "precision": 0,
    "queryByDistance": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "scale": 0,
    "searchPrefilterable": False,
    "soapType": "xsd:string",
    "sortable": True,
    "type": "string",
    "unique": False,
    "updateable": False,
    "writeRequiresMasterRead": False,
}

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
}

_OBJECT_DEFAULTS: dict[str, Any] = {
    "activateable": False,
    "createable": True,
    "customSetting": False,
    "deletable": True,
    "deprecatedAndHidden": False,
    "feedEnabled": False,
    "layoutable": True,
    "mergeable": False,
    "mruEnabled": True,
    "queryable": True,
    "replicateable": True,
    "retrieveable": True,
    "searchable": True,
    "triggerable": True,
    "undeletable": True,
    "updateable": True,
}


def describe_global(schema: ObjectSchema) -> dict[str, Any]:
    """An object's entry in the list of all objects."""
    return _OBJECT_DEFAULTS | {
        "name": schema.name,
        "label": schema.label,
        "labelPlural": f"{schema.label}s",
        "keyPrefix": schema.key_prefix,
        "custom": schema.name.endswith("__c"),
    }


def describe(schema: ObjectSchema) -> dict[str, Any]:
    """An object's describe document."""
    return describe_global(schema) | {
        "childRelationships": [],
        "recordTypeInfos": [],
        "fields": [_describe_field(field) for field in schema.fields],
    }


def _describe_field(field: FieldSchema) -> dict[str, Any]:
    default = field.facts.get("defaultValue")
    return (
        _FIELD_DEFAULTS
        | field.facts
        | {
            "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
            "custom": field.name.endswith("__c"),
            "byteLength": 3 * field.length,
            "picklistValues": [
                _describe_value(value, is_default=value == default)
                for value in field.picklist_values
            ],
        }
    )


def _describe_value(value: str, *, is_default: bool) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": is_default,
        "label": value,
        "validFor": None,
        "value": value,
    }
