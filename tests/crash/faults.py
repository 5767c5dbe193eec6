"""`make faults`: every endpoint, with everything that may go wrong there.

A run with one fault either loads everything, or stops with one clear line; then a second run loads
everything. Either way nothing is lost and nothing is doubled.
"""

from __future__ import annotations

import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from crash_harness import Scenario, World

from target_salesforce_bulk.emulator import Emulator, Fault, FaultKind

JOB = "*/jobs/ingest/???????????????AAA"
#: Method and path of each endpoint, and the fault that leads there where a good run does not.
ENDPOINTS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "token": ("POST", "*/services/oauth2/token", None),
    "describe": ("GET", "*/describe", None),
    "create": ("POST", "*/jobs/ingest", None),
    "upload": ("PUT", "*/batches", None),
    "close": ("PATCH", JOB, None),
    "poll": ("GET", JOB, None),
    "successful results": ("GET", "*/successfulResults/", None),
    "failed results": ("GET", "*/failedResults/", None),
    "unprocessed records": ("GET", "*/unprocessedrecords/", None),
    "abort": ("PATCH", JOB, {"method": "PUT", "path": "*/batches"}),
}
_EXPIRED = json.dumps([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
FAULTS: dict[str, dict[str, Any]] = {
    "refused": {},
    "reset before": {"kind": FaultKind.RESET_BEFORE},
    "reset after": {"kind": FaultKind.RESET_AFTER},
    "401 once": {"kind": FaultKind.STATUS, "status": 401, "body": _EXPIRED},
    "401 always": {"kind": FaultKind.STATUS, "status": 401, "body": _EXPIRED, "times": -1},
    "429": {"kind": FaultKind.STATUS, "status": 429},
    "429 Retry-After": {
        "kind": FaultKind.STATUS,
        "status": 429,
        "headers": {"Retry-After": "1"},
    },
    "daily limit": {"kind": FaultKind.DAILY_LIMIT, "times": -1},
    "too many x2": {"kind": FaultKind.CONCURRENT_LIMIT, "times": 2},
    "500": {"kind": FaultKind.STATUS, "status": 500},
    "503 x3": {"kind": FaultKind.STATUS, "status": 503, "times": 3},
    "502 HTML": {"kind": FaultKind.STATUS, "status": 502, "body": "<html>Bad gateway</html>"},
    "not JSON": {"kind": FaultKind.STATUS, "status": 200, "body": '{"id": "750'},
    "empty body": {"kind": FaultKind.STATUS, "status": 200, "body": ""},
    "slow": {"kind": FaultKind.DRIP, "seconds": 0.5},
    "hang": {"kind": FaultKind.HANG, "seconds": 3},
}
SETTINGS = {"request_timeout_seconds": 1, "request_attempts": 3, "request_max_seconds": 10}


def try_fault(endpoint: str, fault: str) -> str:
    """What a fault led to: `ok`, `rerun`, or what is wrong."""
    method, path, leads_there = ENDPOINTS[endpoint]
    with tempfile.TemporaryDirectory() as folder, Emulator() as org:
        world = World(Scenario("insert", 1), org, Path(folder), **SETTINGS)
        if leads_there:
            org.inject(Fault(kind=FaultKind.RESET_AFTER, **leads_there))
        refuse = None
        if fault == "refused":
            refuse = (method, path)
        else:
            org.inject(Fault(method=method, path=path, **FAULTS[fault]))
        code, start = world.run(0, 0, refuse)
        if code == 0:
            return world.problem() or "ok"
        if "Traceback" in (world.folder / "stderr").read_text():
            return "traceback"
        org.org.faults.clear()
        code, _ = world.run(start, 0)
        if code:
            return f"exit code {code} on the second run"
        return world.problem() or "rerun"


def main() -> int:
    """Try all of them, and print the table."""
    cases = [(endpoint, fault) for endpoint in ENDPOINTS for fault in FAULTS]
    with ThreadPoolExecutor(3) as pool:
        results = dict(zip(cases, pool.map(lambda case: try_fault(*case), cases), strict=True))
    width = max(map(len, FAULTS))
    print(" " * 20 + " ".join(f"{fault:>{width}}" for fault in FAULTS))
    for endpoint in ENDPOINTS:
        cells = (results[endpoint, fault] for fault in FAULTS)
        shown = (cell if cell in {"ok", "rerun"} else "WRONG" for cell in cells)
        print(f"{endpoint:20}" + " ".join(f"{cell:>{width}}" for cell in shown))
    wrong = {case: text for case, text in results.items() if text not in {"ok", "rerun"}}
    for (endpoint, fault), text in wrong.items():
        print(f"{endpoint}, {fault}: {text}")
    print(f"{len(results) - len(wrong)}/{len(results)} faults: nothing lost, nothing doubled")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main() != 0)
