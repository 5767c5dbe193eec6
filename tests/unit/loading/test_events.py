"""Events reach every observer, in one order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.loading.events import Events, StreamStopped

if TYPE_CHECKING:
    from target_salesforce_bulk.loading.events import Event


def stopped(stream: str) -> StreamStopped:
    return StreamStopped(stream=stream, error=LoadError("stop"))


def test_observers_are_called_in_order_of_subscription() -> None:
    """Each gets each event, once."""
    calls: list[tuple[str, Event]] = []
    events = Events()
    events.subscribe(lambda event: calls.append(("first", event)))
    events.subscribe(lambda event: calls.append(("second", event)))
    a, b = stopped("a"), stopped("b")
    events.publish(a)
    events.publish(b)

    assert calls == [("first", a), ("second", a), ("first", b), ("second", b)]


def test_an_observer_may_publish() -> None:
    """What follows from an event is delivered without a deadlock."""
    seen: list[Event] = []
    events, a, b = Events(), stopped("a"), stopped("b")
    events.subscribe(lambda event: events.publish(b) if event is a else None)
    events.subscribe(seen.append)
    events.publish(a)

    assert seen == [b, a]


def test_all_observers_see_the_same_order() -> None:
    """Also when several threads publish at once; no observer runs in two threads."""
    first: list[Event] = []
    second: list[Event] = []
    inside = threading.Lock()
    overlaps: list[Event] = []

    def guarded(event: Event) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(event)
            return
        first.append(event)
        inside.release()

    events = Events()
    events.subscribe(guarded)
    events.subscribe(second.append)
    together = threading.Barrier(4)

    def publish(name: str) -> None:
        together.wait()
        for number in range(200):
            events.publish(stopped(f"{name}{number}"))

    threads = [threading.Thread(target=publish, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(first), overlaps, first) == (800, [], second)
