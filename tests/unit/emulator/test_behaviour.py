"""How the org behaves, and which rows it rejects."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.emulator.org.behaviour import Behaviour, LoginRule, RowRule
from target_salesforce_bulk.emulator.org.users import User


def test_settings_by_name() -> None:
    """Rules may be dictionaries."""
    behaviour = Behaviour()
    behaviour.configure({"rows_per_second": 5, "rules": [{"error": "E"}, RowRule(error="F")]})

    assert behaviour == Behaviour(rows_per_second=5, rules=[RowRule(error="E"), RowRule(error="F")])


def test_lists_by_name() -> None:
    """Their members may be dictionaries, too."""
    behaviour = Behaviour()
    behaviour.configure({"login_rules": [{"error": "E"}], "users": [{"username": "u"}]})

    assert behaviour == Behaviour(login_rules=[LoginRule(error="E")], users=[User(username="u")])


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        (LoginRule(error="E"), [True, True, True]),
        (LoginRule(error="E", grant_type="pass*"), [True, False, True]),
        (LoginRule(error="E", username="ann"), [True, False, False]),
        (LoginRule(error="E", times=1), [True, False, False]),
    ],
)
def test_which_logins_are_refused(rule: LoginRule, refused: list[bool]) -> None:
    """By grant type and user, and as many as the rule says."""
    logins = [("password", "ann"), ("refresh_token", ""), ("password", "bob")]

    assert [rule.takes(*each) for each in logins] == refused


@pytest.mark.parametrize("name", ["nope", "configure", "__class__"])
def test_an_unknown_setting(name: str) -> None:
    """The error names it, and nothing is set."""
    behaviour = Behaviour()
    with pytest.raises(ValueError, match=f"^The emulator has no setting {name}.$"):
        behaviour.configure({name: 1})

    assert behaviour == Behaviour()


@pytest.mark.parametrize(
    ("settings", "failures"),
    [
        ({}, ["", ""]),
        ({"fail_jobs_with": "boom"}, ["", ""]),
        ({"fail_jobs_with": "boom", "fail_jobs_times": 1}, ["boom", ""]),
        ({"fail_jobs_with": "boom", "fail_jobs_times": -1}, ["boom", "boom"]),
    ],
)
def test_which_jobs_fail(settings: dict[str, Any], failures: list[str]) -> None:
    """As many as the settings say."""
    behaviour = Behaviour(**settings)

    assert [behaviour.job_failure() for _ in range(2)] == failures


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ({}, [0, 0]),
        ({"stop_after_rows": 9}, [9, 9]),
        ({"stop_after_rows": 9, "stop_times": 1}, [9, 0]),
    ],
)
def test_which_jobs_stop(settings: dict[str, Any], limits: list[int]) -> None:
    """All, or as many as the settings say."""
    behaviour = Behaviour(**settings)

    assert [behaviour.row_limit() for _ in range(2)] == limits


@pytest.mark.parametrize(
    ("facts", "taken"),
    [
        ({}, [True, True, True]),
        ({"object": "Contact"}, [True, True, True]),
        ({"object": "Lead"}, [False, False, False]),
        ({"column": "Name", "glob": "A*"}, [True, True, False]),
        ({"column": "Nope", "glob": "A*"}, [False, False, False]),
        ({"times": 1}, [True, False, False]),
        ({"once_per_row": True}, [True, False, True]),
        ({"column": "Name", "glob": "B*", "times": 1}, [False, False, True]),
    ],
)
def test_which_rows_a_rule_rejects(facts: dict[str, Any], taken: list[bool]) -> None:
    """By object, by cell, so many, or each row once."""
    rule = RowRule(error="E", **facts)
    names = ["Ada", "Ada", "Bob"]

    assert [rule.takes("Contact", {"Name": name}, name) for name in names] == taken
