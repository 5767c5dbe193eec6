"""What a client asks for when it creates an ingest job, and when the org refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.job import DELIMITERS
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.behaviour import Behaviour
    from target_salesforce_bulk.emulator.org.records import Records
    from target_salesforce_bulk.emulator.org.schema import ObjectSchema

_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A request to create an ingest job, as the client wrote it."""

    api_version: str
    sobject: str | None
    operation: str | None
    external_id: str | None = None
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    assignment_rule: str | None = None


class Admission:
    """Decides which jobs may be created."""

    def __init__(self, records: Records, behaviour: Behaviour) -> None:
        self._records = records
        self._behaviour = behaviour

    def check(self, request: JobRequest) -> ObjectSchema:
        """The object of an acceptable request.

        Raises:
            RefusalError: the request is not acceptable.
        """
        schema = self._records.schema.find(request.sobject or "")
        if schema is None:
            raise RefusalError(
                "INVALIDENTITY", f"Entity '{request.sobject}' is not supported by the Bulk API."
            )
        self._check_operation(request.operation)
        if request.delimiter not in DELIMITERS or request.line_ending not in {"LF", "CRLF"}:
            raise _invalid("columnDelimiter or lineEnding")
        if request.operation == "upsert":
            _check_key(schema, request.external_id)
        if request.assignment_rule:
            self._check_rule(request.assignment_rule, schema.name)
        return schema

    def _check_operation(self, operation: str | None) -> None:
        if operation not in _OPERATIONS:
            raise _invalid(f"Operation {operation} is not valid")
        if operation == "hardDelete" and not self._behaviour.hard_delete_allowed:
            raise RefusalError(
                "FEATURENOTENABLED",
                "hardDelete operation requires special user profile permission, please contact "
                "your system administrator",
            )

    def _check_rule(self, rule: str, sobject: str) -> None:
        rules = self._records.schema.find("AssignmentRule")
        known = rules is not None and self._records.find_by_key(rules, rules.fields[0], rule)
        # The wording of a real org's refusal is not documented.
        if sobject not in {"Lead", "Case"} or not known:
            raise _invalid(f"Invalid assignment rule {rule}")


def _check_key(schema: ObjectSchema, key: str | None) -> None:
    field = schema.field(key or "")
    # Whether a real org refuses this here or when the job runs is not documented.
    if field is None or not (field.flag("externalId") or field.flag("idLookup")):
        raise _invalid(
            f"Field name provided, {key} does not match an External ID, Salesforce Id, or indexed "
            f"field for {schema.name}"
        )


def _invalid(reason: str) -> RefusalError:
    return RefusalError("INVALIDJOB", f"InvalidJob : {reason}")
