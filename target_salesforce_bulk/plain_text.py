"""Text from outside, made safe to print."""

from __future__ import annotations

from target_salesforce_bulk.redaction import redacted

_LONGEST = 200


def plain_text(text: object, longest: int = _LONGEST) -> str:
    r"""Text from outside as part of one line of a log, a message or a report.

    Line breaks, terminal escapes, other control characters, invisible characters and those that
    change the direction of writing stand there as escapes such as `\n` or `\u202e`;
    secrets are hidden.

    Args:
        text: The text, or what its `str` is.
        longest: Characters that are looked at; what follows is replaced by an ellipsis.
    """
    found = redacted(text if isinstance(text, str) else str(text))
    if len(found) > longest:
        found = f"{found[: longest - 1]}…"
    if found.isprintable():
        return found
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in found
    )
