"""When the program ends."""

from __future__ import annotations

from target_salesforce_bulk.editor.presence import GRACE_SECONDS, Presence


class Clock:
    """Shows the time that it is set to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_page_that_is_never_opened() -> None:
    """It is waited for."""
    clock = Clock()
    presence = Presence(clock)
    clock.now = 9999.0

    assert not presence.is_over


def test_a_reload() -> None:
    """A page that comes back in time is still the same one; one that does not is gone."""
    clock = Clock()
    presence = Presence(clock)
    presence.enter()
    presence.leave()
    clock.now = GRACE_SECONDS
    presence.enter()
    clock.now = 100.0
    stays = presence.is_over
    presence.leave()
    clock.now += GRACE_SECONDS + 0.1

    assert (stays, presence.is_over) == (False, True)


def test_two_pages() -> None:
    """The last one decides."""
    clock = Clock()
    presence = Presence(clock)
    presence.enter()
    presence.enter()
    presence.leave()
    clock.now = 100.0

    assert not presence.is_over


def test_an_end_that_is_asked_for() -> None:
    """It comes at once."""
    presence = Presence(Clock())
    presence.enter()
    presence.end()

    assert presence.is_over
