"""What is drawn, the log, and other programs share a terminal."""

from __future__ import annotations

import io

import pytest
from terminal import Terminal

from target_salesforce_bulk.reporting.progress.screen import Drawing, Screen


class Output(io.StringIO):
    """A terminal in memory."""

    encoding = "utf-8"

    @property
    def shown(self) -> list[str]:
        return Terminal(self.getvalue().replace("\n", "\r\n")).shown


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def screen(output: Output) -> Screen:
    return Screen(output)


def test_the_log_comes_above(output: Output, screen: Screen) -> None:
    """Each line of it stays whole, whether it comes before or between two drawings."""
    screen.write("first\n")
    screen.draw(["aaa", "bbb"])
    screen.write("second\n")
    screen.draw(["ccc"])
    screen.write("third\n")

    assert output.shown == ["first", "second", "third", "", "ccc"]


def test_another_program_writes_as_well(output: Output, screen: Screen) -> None:
    """A line of the tap is written on the empty one, and the next drawing leaves it there."""
    screen.draw(["a long line of progress", "bbb"])
    output.write("tap: 1\n")
    screen.draw(["ccc"])

    assert output.shown == ["tap: 1", "", "ccc"]


def test_nothing_is_left(output: Output, screen: Screen) -> None:
    """After the end, the log goes on where it was; the cursor was never hidden."""
    screen.write("first\n")
    screen.draw(["aaa"])
    screen.clear()
    screen.clear()
    screen.write("last\n")

    assert (output.shown, "\x1b[?" in output.getvalue()) == (["first", "last", ""], False)


def test_the_same_is_not_drawn_again(output: Output, screen: Screen) -> None:
    """A display that does not change does not flicker."""
    drawing = Drawing(screen, lambda picture: [str(picture)])
    drawing.show("aaa")
    once = output.getvalue()
    drawing.show("aaa")

    assert (output.getvalue(), output.shown) == (once, ["", "aaa"])


def test_a_terminal_without_unicode(output: Output, screen: Screen) -> None:
    """What it cannot show is replaced, and nothing is raised."""
    output.encoding = "ascii"  # type: ignore[misc]
    screen.draw(["a → b"])

    assert output.shown == ["", "a ? b"]
