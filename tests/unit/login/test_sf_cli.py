"""The session of the Salesforce CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from wire import URL, make_client

from target_salesforce_bulk.errors import AuthenticationError, SettingsError
from target_salesforce_bulk.login import sf_cli
from target_salesforce_bulk.login.sf_cli import SfCli
from target_salesforce_bulk.redaction import redacted
from target_salesforce_bulk.salesforce.auth import Session

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "00D5g000004Emul!token"
ORG_ID = "00D5g000004EmulEAC"
DISPLAY = {
    "id": "00D5g000004Emul",
    "accessToken": TOKEN,
    "instanceUrl": URL,
    "connectedStatus": "Connected",
}
HIDDEN = DISPLAY | {"accessToken": "[REDACTED] Use 'sf org auth show-access-token' to view"}


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, ...]]]:
    """Give the CLI its replies; the list of commands that it gets."""

    def give(*results: Any) -> list[tuple[str, ...]]:
        waiting, commands = list(results), []

        def run(*arguments: str) -> Any:
            commands.append(arguments)
            result = waiting.pop(0)
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(sf_cli, "run_sf", run)
        return commands

    return give


def login(refused: str | None = None, target_org: str | None = "dev") -> Session:
    client, _ = make_client()
    return SfCli(target_org).login(client._transport(), refused=refused)


@pytest.mark.parametrize(
    ("target_org", "command"),
    [
        ("dev", ("org", "display", "--verbose", "--target-org=dev")),
        (None, ("org", "display", "--verbose")),
    ],
)
def test_the_session(replies: Any, target_org: str | None, command: tuple[str, ...]) -> None:
    """Of the org that is named, or of the default one; the token is hidden."""
    commands = replies(DISPLAY)

    assert login(target_org=target_org) == Session(
        access_token=TOKEN, instance_url=URL, org_id=ORG_ID
    )
    assert commands == [command]
    assert redacted(TOKEN.partition("!")[2]) == "token"
    assert redacted(TOKEN) == "***"


@pytest.mark.parametrize("display", [HIDDEN, HIDDEN | {"accessToken": None}])
def test_a_cli_that_hides_the_token(replies: Any, display: dict[str, Any]) -> None:
    """It has another command that shows it."""
    commands = replies(display, {"accessToken": TOKEN})

    assert login().access_token == TOKEN
    assert commands[1] == ("org", "auth", "show-access-token", "--target-org=dev")


def test_a_cli_that_only_hides_the_token(replies: Any) -> None:
    """What to do is said."""
    replies(HIDDEN, AuthenticationError("It is not a command. Update the CLI: sf update."))
    with pytest.raises(AuthenticationError) as caught:
        login()

    assert str(caught.value) == (
        "The Salesforce CLI hides the token in `sf org display`. It is not a command. Update the "
        "CLI: sf update. The command that shows it is `sf org auth show-access-token`."
    )
    replies(HIDDEN, {"accessToken": "[REDACTED]"})
    with pytest.raises(AuthenticationError, match=r"shows no access token. Update it"):
        login()


def test_a_session_that_ends(replies: Any) -> None:
    """The CLI is asked again, and has a new one."""
    replies(DISPLAY, DISPLAY | {"accessToken": "00D5g000004Emul!newer"})
    expired = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
    client, wire = make_client(expired, (200, {}), authenticator=SfCli("dev"))
    client.check_access()

    assert wire.requests[1].headers["Authorization"] == "Bearer 00D5g000004Emul!newer"


@pytest.mark.parametrize(("target_org", "name"), [("dev", "dev"), (None, "its default org")])
def test_a_cli_with_the_same_token_again(replies: Any, target_org: str | None, name: str) -> None:
    """It is not sent again."""
    replies(DISPLAY)

    with pytest.raises(AuthenticationError, match=f"Salesforce CLI for {name}, and the CLI has no"):
        login(refused=TOKEN, target_org=target_org)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"connectedStatus": "RefreshTokenAuthError"}, "cannot connect to dev: RefreshTokenAuth"),
        ({"connectedStatus": None, "status": "Expired"}, "scratch org dev has expired"),
        ({"connectedStatus": None, "status": "Deleted"}, "has expired or was deleted"),
    ],
)
def test_an_org_that_is_gone(replies: Any, change: dict[str, Any], message: str) -> None:
    """The CLI knows, and nothing is sent."""
    replies(DISPLAY | change)

    with pytest.raises(AuthenticationError, match=message):
        login()


@pytest.mark.parametrize("address", ["http://acme.my.salesforce.com", "", None])
def test_an_address_that_gets_no_token(replies: Any, address: str | None) -> None:
    """It must be encrypted, like every other."""
    replies(DISPLAY | {"instanceUrl": address})

    with pytest.raises(SettingsError, match=r"^The instanceUrl of the Salesforce CLI is not"):
        login()
