"""Write the settings into meltano.yml and docs/settings.md, from their one declaration.

`python tools/write_settings.py` writes; with `--check` it only says whether both are up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.target import TargetSalesforceBulk

ROOT = Path(__file__).parent.parent
BEGIN, END = "# settings: begin", "# settings: end"


def all_settings() -> dict[str, Any]:
    """Every setting that `--about` lists, the SDK's own included."""
    schema = json.loads(json.dumps(Settings.json_schema()))
    TargetSalesforceBulk.append_builtin_config(schema)
    properties: dict[str, Any] = schema["properties"]
    return properties


def _types(declared: dict[str, Any]) -> list[str]:
    types = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
    return [each for each in types if each != "null"]


def meltano_setting(name: str, declared: dict[str, Any]) -> list[str]:
    """One setting as the lines of a Meltano plugin definition."""
    types = _types(declared)
    lines = [f"- name: {name}", f"  label: {name.replace('_', ' ').capitalize()}"]
    if declared.get("enum"):
        lines += ["  kind: options", "  options:"]
        lines += [f"  - {{label: {each}, value: {each}}}" for each in declared["enum"] if each]
    else:
        # A number that may come as text is a decimal: Meltano knows no kind `number`.
        lines.append(f"  kind: {'decimal' if 'number' in types else types[0]}")
    if declared.get("secret"):
        lines.append("  sensitive: true")
    if declared.get("default") is not None:
        lines.append(f"  value: {json.dumps(declared['default'])}")
    lines.append(f"  description: {json.dumps(declared['description'], ensure_ascii=False)}")
    return lines


def meltano_yml(text: str) -> str:
    """The project file with its block of settings renewed."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    indent = " " * (len(before) - len(before.rstrip(" ")))
    lines = [line for name, each in all_settings().items() for line in meltano_setting(name, each)]
    block = "".join(f"{indent}{line}\n" for line in lines)
    return f"{before}{BEGIN}\n{block}{indent}{END}{after}"


def _row(name: str, declared: dict[str, Any]) -> str:
    types = " or ".join(_types(declared))
    if declared.get("enum"):
        types = ", ".join(f"`{each}`" for each in declared["enum"] if each)
    default = declared.get("default")
    shown = "" if default is None else f"`{json.dumps(default)}`"
    secret = " **Secret.**" if declared.get("secret") else ""
    description = declared["description"].replace("|", "\\|")
    return f"| `{name}` | {types} | {shown} | {description}{secret} |"


def settings_md() -> str:
    """The reference of all settings."""
    stream = Settings.json_schema()["properties"]["streams"]["additionalProperties"]["properties"]
    table = "| setting | type | default | |\n|---|---|---|---|\n"
    everything = "\n".join(_row(name, each) for name, each in all_settings().items())
    of_streams = "\n".join(_row(name, each) for name, each in stream.items())
    return _PAGE.format(everything=table + everything, of_streams=table + of_streams)


_PAGE = """\
# Settings

Written by `tools/write_settings.py` from the declarations in `target_salesforce_bulk/settings.py`;
`target-salesforce-bulk --about` prints the same.

{everything}

## Settings of one stream

Below `streams.<stream name or glob>`.
Where a stream does not name one, the setting of the same name at the top counts.
Of several entries that match a stream, the most specific one that names a setting decides it:
an exact name before any glob, a glob with more letters before one with fewer.

{of_streams}
"""


def main() -> int:
    """Write both files, or check them."""
    path, docs = ROOT / "meltano.yml", ROOT / "docs" / "settings.md"
    current = path.read_text()
    wanted = {path: meltano_yml(current), docs: settings_md()}
    stale = [each for each, text in wanted.items() if not each.exists() or each.read_text() != text]
    if "--check" not in sys.argv[1:]:
        for each in stale:
            each.write_text(wanted[each])
        return 0
    for each in stale:
        print(f"{each.name} is out of date; run: python tools/write_settings.py")
    return len(stale)


if __name__ == "__main__":
    sys.exit(main())
