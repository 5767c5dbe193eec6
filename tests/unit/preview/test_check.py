"""What a check prints, and what it calls a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import CONTACT, KnownObjects

from target_salesforce_bulk.errors import RequestError
from target_salesforce_bulk.preview.check import Preflight
from target_salesforce_bulk.salesforce.limits import Allowance, ApiUsage, OrgLimits
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.salesforce.sobject import SObject

LIMITS = OrgLimits(api_requests=Allowance(900, 1000), bulk_batches=Allowance(15000, 15000))


class Org:
    """A client of an org with one object."""

    instance_url = "https://acme.invalid"
    org_id = "00D5g000004AcmeEAS"
    scopes = ()

    def __init__(
        self,
        user: dict[str, str] | None = None,
        *,
        record: dict[str, Any] | None = None,
        limits: OrgLimits | None = LIMITS,
        api_usage: ApiUsage | None = None,
        disabled: bool = False,
    ) -> None:
        self._user = user
        self._record = record
        self._limits = limits
        self._disabled = disabled
        self.api_usage = api_usage
        self._objects = KnownObjects(CONTACT)

    def check_version(self) -> None:
        pass

    def describe(self, name: str) -> SObject:
        return self._objects.sobject(name)

    def limits(self) -> OrgLimits:
        if self._limits is None:
            raise RequestError("no permission", status=403, code="", detail="")
        return self._limits

    def check_access(self) -> None:
        if self._disabled:
            raise RequestError("The API is disabled.", status=403, code="", detail="")

    def get_object(self, path: str, params: dict[str, str] | None = None) -> Any:
        found = self._user if params is None else self._record
        if found is None:
            raise RequestError("no permission", status=403, code="", detail="")
        return found if params is None else {"records": [found]}


def preflight(
    streams: dict[str, Any] | None = None,
    user: dict[str, str] | None = None,
    record: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    settings = Settings.from_config({"streams": streams} | more)
    return Preflight(settings, Org(user, record=record))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("user", "record", "who"),
    [
        (None, None, ", org"),
        ({"preferred_username": "ada@acme"}, {"IsSandbox": True}, ", user ada@acme, sandbox org"),
        (
            {"preferred_username": "\x1b[2J"},
            {"IsSandbox": False},
            ", user \ufffd[2J, production org",
        ),
    ],
)
def test_the_org(
    capsys: pytest.CaptureFixture[str], user: Any, record: dict[str, bool] | None, who: str
) -> None:
    """Org, API version and limits; the user where the app may know it."""
    preflight(user=user, record=record).check_org("jwt_bearer")

    assert capsys.readouterr().out.splitlines() == [
        f"Logged in to https://acme.invalid{who} 00D5g000004AcmeEAS, by jwt_bearer, API 67.0",
        "API requests: 900 of 1,000 left for today",
        "Bulk API batches: 15,000 of 15,000 left for today",
    ]


UNKNOWN = (
    "what is left for today is unknown; to see it, the user needs the permission View Setup and "
    "Configuration"
)


@pytest.mark.parametrize(
    ("usage", "requests"),
    [(None, UNKNOWN), (ApiUsage(25, 100), "75 of 100 left for today")],
    ids=["no header", "header"],
)
def test_limits_that_the_user_may_not_see(
    capsys: pytest.CaptureFixture[str], usage: ApiUsage | None, requests: str
) -> None:
    """They are unknown, which is no problem; responses may tell how many requests are used."""
    org: Any = Org(limits=None, api_usage=usage)
    checked = Preflight(Settings.from_config({}), org)
    checked.check_org("access_token")

    assert capsys.readouterr().out.splitlines()[1:] == [
        f"API requests: {requests}",
        f"Bulk API batches: {UNKNOWN}",
    ]
    assert checked.problems == []


def test_an_org_without_api() -> None:
    """Limits that cannot be seen may mean that nothing can."""
    org: Any = Org(limits=None, disabled=True)

    with pytest.raises(RequestError, match="The API is disabled"):
        Preflight(Settings.from_config({}), org).check_org("access_token")


HARD_DELETES = {
    "people": {
        "object": "Contact",
        "operation": "hardDelete",
        "field_mapping": {"id": "Id"},
    }
}


@pytest.mark.parametrize(
    ("record", "line", "problems"),
    [
        ({"PermissionsBulkApiHardDelete": True}, "", 0),
        ({"PermissionsBulkApiHardDelete": False}, "which this user lacks. Grant it in Setup", 1),
        (None, "has the permission Bulk API Hard Delete is unknown", 0),
        ({"PermissionsBulkApiHardDelete": "yes"}, "Bulk API Hard Delete is unknown", 0),
    ],
)
def test_the_permission_for_hard_deletes(
    capsys: pytest.CaptureFixture[str], record: dict[str, Any] | None, line: str, problems: int
) -> None:
    """Describe does not show it, so Salesforce is asked."""
    checked = preflight(HARD_DELETES, record=record, allow_hard_delete=True)
    checked.check_streams()

    out = capsys.readouterr().out
    assert line in out
    assert ("Bulk API Hard Delete" in out) == bool(line)
    assert len(checked.problems) == problems


def test_the_permission_where_the_key_is_not_known_yet(capsys: pytest.CaptureFixture[str]) -> None:
    """The settings alone tell that records are to be deleted for good."""
    streams = {"people": {"object": "Contact", "deletes": "hard_delete"}}
    lacking = {"PermissionsBulkApiHardDelete": False}
    checked = preflight(streams, record=lacking, allow_hard_delete=True)
    checked.check_streams()

    assert "which field is its key depends" in capsys.readouterr().out
    assert ["Bulk API Hard Delete" in each for each in checked.problems] == [True]


def test_a_metrics_file_that_cannot_be_written(tmp_path: Path) -> None:
    """It is a problem; a run would only warn."""
    checked = preflight(metrics_file=str(tmp_path / "m.prom"))
    checked.check_metrics_file()
    assert checked.problems == []

    checked = preflight(metrics_file=str(tmp_path / "no" / "m.prom"))
    checked.check_metrics_file()
    (problem,) = checked.problems
    assert problem.startswith("metrics_file: the folder ")


def test_no_streams(capsys: pytest.CaptureFixture[str]) -> None:
    """It points to the options that tell which streams there are."""
    checked = preflight()
    checked.check_streams()

    assert capsys.readouterr().out == (
        "\nNo streams are configured; --catalog or --input checks the streams of a tap.\n"
    )
    assert checked.problems == []


MAPPING = {"id": "Key__c", "mail": {"field": "Email"}}


def test_a_stream_whose_mapping_is_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Each column with its field's type; what a new record would lack is a warning."""
    people = {"object": "Contact", "field_mapping": MAPPING, "auto_map": False}
    checked = preflight({"people": people})
    checked.check_streams()

    assert capsys.readouterr().out.splitlines() == [
        "",
        "Stream people → Contact, upsert by Key__c",
        "  id    →  Key__c  string(20)",
        "  mail  →  Email   email(80)",
        "  Warning: new records need LastName, but no property maps to them",
    ]
    assert checked.problems == []


@pytest.mark.parametrize("operation", ["upsert", "insert"])
def test_a_stream_whose_other_properties_are_unknown(
    capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    """They may fill what is required, so nothing is said to be missing."""
    people = {"object": "Contact", "field_mapping": MAPPING, "operation": operation}
    checked = preflight({"people": people})
    checked.check_streams()

    assert capsys.readouterr().out.splitlines() == [
        "",
        f"Stream people → Contact, {operation}{' by Key__c' if operation == 'upsert' else ''}",
        "  id    →  Key__c  string(20)",
        "  mail  →  Email   email(80)",
        "  Other properties map to the fields of their names; --catalog or --input checks them.",
    ]
    assert checked.problems == []


@pytest.mark.parametrize(
    "options", [{}, {"external_id_field": "Key__c"}, {"deletes": "delete"}, {"operation": "update"}]
)
def test_a_key_that_may_be_mapped_by_its_name(options: dict[str, Any]) -> None:
    """Without the properties of the stream, it is no problem."""
    checked = preflight({"people": {"object": "Contact"} | options})
    checked.check_streams()

    assert checked.problems == []


def test_every_problem_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """A stream that fails does not hide the next one; a pattern cannot be checked."""
    checked = preflight(
        {"a": {"object": "Nope__c"}, "crm-*": {}, "b": {"object": "Contact"}}, auto_map=False
    )
    checked.check_streams()
    shown = capsys.readouterr().out

    assert [problem.split(":")[0] for problem in checked.problems] == ["Stream a", "Stream b"]
    assert [line for line in shown.splitlines() if line] == [
        f"Problem: {checked.problems[0]}",
        "Stream crm-*: a pattern; --catalog or --input checks the streams that it matches.",
        f"Problem: {checked.problems[1]}",
    ]
