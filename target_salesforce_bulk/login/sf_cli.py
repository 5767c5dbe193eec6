"""Login by the session of the Salesforce CLI.

https://developer.salesforce.com/docs/platform/salesforce-cli-reference/guide/cli_reference_org_commands_unified.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.login.address import check_address
from target_salesforce_bulk.login.secret import is_sendable
from target_salesforce_bulk.login.sf_command import run_sf
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.answer import printable
from target_salesforce_bulk.salesforce.auth import Authenticator, Session
from target_salesforce_bulk.salesforce.org_id import org_id, org_of_token

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.transport import Transport

#: `status` of a scratch org that is gone.
_GONE = frozenset({"Expired", "Deleted"})
#: `connectedStatus` where nothing is wrong, or where the CLI did not look.
_CONNECTED = frozenset({"", "Connected", "Unknown"})


@dataclass(frozen=True, slots=True)
class SfCli(Authenticator):
    """An org that the CLI is logged in to; the CLI renews its session when it is asked again."""

    #: Username or alias; None for the CLI's default org.
    target_org: str | None = None

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask the CLI for its token."""
        display = run_sf("org", "display", "--verbose", *self._target())
        self._check_connected(display)
        token = _text(display, "accessToken")
        if not _is_token(token):
            token = self._asked_token()
        if token == refused:
            raise AuthenticationError(
                f"Salesforce refused the token of the Salesforce CLI for {self._name}, and the CLI "
                "has no other. Log in again: sf org login web."
            )
        conceal(token)
        address = check_address(
            _text(display, "instanceUrl"), "The instanceUrl of the Salesforce CLI"
        )
        org = org_id(display.get("id")) or org_of_token(token)
        return Session(access_token=token, instance_url=address, org_id=org)

    def _asked_token(self) -> str:
        """The token by the command that shows it, as `org display` hides it since May 2026.

        https://github.com/salesforcecli/plugin-org/pull/1667
        """
        try:
            shown = run_sf("org", "auth", "show-access-token", *self._target())
        except AuthenticationError as error:
            raise AuthenticationError(
                f"The Salesforce CLI hides the token in `sf org display`. {error} The command that "
                "shows it is `sf org auth show-access-token`."
            ) from error
        token = _text(shown, "accessToken")
        if not _is_token(token):
            raise AuthenticationError(
                "The Salesforce CLI shows no access token. Update it (sf update), log in again (sf "
                "org login web), or choose another auth_method."
            )
        return token

    def _target(self) -> tuple[str, ...]:
        # As one argument, so that a name cannot be taken for an option.
        return (f"--target-org={self.target_org}",) if self.target_org else ()

    @property
    def _name(self) -> str:
        return self.target_org or "its default org"

    def _check_connected(self, display: dict[str, Any]) -> None:
        if _text(display, "status") in _GONE:
            raise AuthenticationError(
                f"The scratch org {self._name} has expired or was deleted. Choose another org "
                "(sf_cli_target_org)."
            )
        status = printable(_text(display, "connectedStatus"))
        if status not in _CONNECTED:
            raise AuthenticationError(
                f"The Salesforce CLI cannot connect to {self._name}: {status}. Log in again: sf "
                "org login web."
            )


def _text(result: dict[str, Any], name: str) -> str:
    value = result.get(name)
    return value if isinstance(value, str) else ""


def _is_token(text: str) -> bool:
    """Whether a text is a token, and not the hint that stands in its place."""
    return bool(text) and is_sendable(text) and not text.startswith("[")
