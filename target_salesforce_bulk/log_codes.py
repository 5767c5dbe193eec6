"""The codes of log lines: one table, from which `docs/log-codes.md` is written.

A code keeps its meaning for good. A line that goes takes its code with it: the code moves to
`RETIRED` and is never given to another line. The first digit is the kind of line (1 tells an event,
2 is a warning, 3 an error), the second its subject (0 the program, 1 the connection, 2 jobs,
3 streams and rows, 4 STATE).
"""

from __future__ import annotations

from enum import Enum
from typing import Any

#: Codes that no line has any more.
RETIRED: frozenset[str] = frozenset()

_NOTHING = "Nothing."


class LogCode(Enum):
    """What a log line tells: its code, its meaning, and what to do about it."""

    INPUT_DISCARDED = (
        "TSB1001",
        "After an error, the rest of the input is read and thrown away, so that the tap can end.",
        "Nothing. See the error that follows.",
    )
    PROGRESS = (
        "TSB1002",
        "How far the run is: at most one line every 10 seconds, and none if nothing has changed.",
        "Nothing. To leave these lines out, set `progress` to false.",
    )
    SUMMARY = (
        "TSB1003",
        "A line of the summary at the end of a run, or of `dry_run`.",
        "If rows failed: `target-salesforce-bulk failed list` says why.",
    )
    REPORT_WRITTEN = (
        "TSB1004",
        "The report of a run was written.",
        "Nothing. `target-salesforce-bulk report` shows it.",
    )
    LOGGED_IN = ("TSB1101", "Salesforce accepted the login.", _NOTHING)
    SESSION_RENEWED = (
        "TSB1102",
        "The session expired and was renewed.",
        "Nothing. If it is frequent, lengthen the session in Setup.",
    )
    CONNECTION_TESTED = ("TSB1103", "`meltano config test` reached Salesforce.", _NOTHING)
    API_USAGE_UNKNOWN = (
        "TSB1104",
        "Salesforce does not say how many API requests the org has used.",
        "Nothing, unless `api_usage_limit_percent` is set: it has no effect then.",
    )
    JOB_CREATED = ("TSB1201", "An ingest job was created for a batch.", _NOTHING)
    JOB_UPLOADED = ("TSB1202", "The rows of a batch were uploaded (level DEBUG).", _NOTHING)
    JOB_CLOSED = (
        "TSB1203",
        "A job was closed: from now on Salesforce processes its rows.",
        _NOTHING,
    )
    JOB_PROGRESS = (
        "TSB1204",
        "Salesforce has begun to process a job; at level DEBUG, each step of it.",
        _NOTHING,
    )
    JOB_ENDED = (
        "TSB1205",
        "A job ended in Salesforce. Its rows have no outcome yet.",
        "Nothing. If it says Failed or Aborted, see the line with code TSB1206 or the error.",
    )
    JOB_SETTLED = (
        "TSB1206",
        "Every row of a job has an outcome, which is stored.",
        "If rows failed: `target-salesforce-bulk failed list` says why.",
    )
    JOB_WITHOUT_RESULTS = (
        "TSB1207",
        "Salesforce has no result file of one kind for a job that it refused.",
        _NOTHING,
    )
    JOB_ALREADY_GONE = ("TSB1208", "A job that was to be aborted does not exist.", _NOTHING)
    JOB_CHECKED_AGAIN = (
        "TSB1209",
        "A job that an interrupted run left behind is brought to its end.",
        _NOTHING,
    )
    KEYS_LOOKED_UP = (
        "TSB1301",
        "The Ids of a batch's records were looked up by their key.",
        "If few were found, check the key field and the user's access to the records.",
    )
    NEWER_ROWS_FOUND = (
        "TSB1302",
        "Rows are not resent because newer rows of the same records were loaded.",
        _NOTHING,
    )
    ROWS_RECOGNISED = (
        "TSB1303",
        "Rows that an earlier run processed came again and were left out.",
        "Nothing. See docs/resume.md.",
    )
    VERSION_IGNORED = (
        "TSB1304",
        "The tap sent ACTIVATE_VERSION, which deletes nothing here.",
        "Nothing. To delete records, see docs/mapping.md.",
    )
    LOG_LEVEL_UNKNOWN = (
        "TSB2001",
        "A variable names a log level that does not exist; the usual one is used.",
        "Correct the variable.",
    )
    VARIABLE_UNKNOWN = (
        "TSB2002",
        "An environment variable looks like a setting, but no setting has its name.",
        "Correct or remove the variable.",
    )
    STATE_DIRECTORY_EMPTY = (
        "TSB2003",
        "No run has left anything in the state directory.",
        "If there should be something, check `state_dir` and the login.",
    )
    DRY_RUN = (
        "TSB2004",
        "`dry_run` is on: nothing is sent and no STATE is written.",
        "To load, set `dry_run` to false.",
    )
    REPORT_NOT_WRITTEN = (
        "TSB2005",
        "The report of a run could not be written. The load is not affected.",
        "Check the free space and the permissions of `state_dir`.",
    )
    EXPORT_FAILED = (
        "TSB2006",
        "Metrics, traces or lineage did not reach their receiver. The load is not affected.",
        "Check the receiver and its variables; see docs/metrics.md.",
    )
    EXPORT_OFF = (
        "TSB2007",
        "OpenTelemetry is set to a protocol that is not supported, so nothing is sent.",
        "Set the protocol to http/protobuf.",
    )
    EXPORT_INCOMPLETE = (
        "TSB2008",
        "The errors of a run are missing in what is exported.",
        "Check the free space and the permissions of `state_dir`.",
    )
    REQUEST_RETRIED = (
        "TSB2101",
        "A request failed and is repeated after a pause.",
        "Nothing. If it is frequent, check the network and status.salesforce.com.",
    )
    PASSWORD_LOGIN_ENDS = (
        "TSB2102",
        "Salesforce ends logins by password.",
        "Change to client credentials or JWT; see docs/login.md.",
    )
    REFRESH_TOKEN_REPLACED = (
        "TSB2103",
        "Another process has replaced the refresh token; the new one is used.",
        "Nothing. If it is frequent, give each machine a login of its own.",
    )
    KEYRING_REFUSED = (
        "TSB2104",
        "The system keyring did not take the refresh token, which is in a file instead.",
        "Unlock the keyring, or log in without `--keyring`.",
    )
    KEYRING_KEEPS_TOKEN = (
        "TSB2105",
        "A token that is no longer used could not be deleted from the system keyring.",
        "Delete it there.",
    )
    JOB_NOT_CREATED = (
        "TSB2201",
        "The response to the creation of a job was lost; another job is created.",
        "Nothing. The lost job has no rows.",
    )
    JOB_REPLACED = (
        "TSB2202",
        "A job failed before it was closed; it is aborted and replaced.",
        "Nothing, unless the replacement fails as well.",
    )
    JOB_CLOSED_AFTER_ALL = (
        "TSB2203",
        "The response to closing a job was lost, but the job is closed.",
        _NOTHING,
    )
    JOB_STILL_OPEN = (
        "TSB2204",
        "The response to closing a job was lost and the job is open; it is closed again.",
        _NOTHING,
    )
    RESULTS_READ_AGAIN = (
        "TSB2205",
        "The results of a job contradict its counts; they are read again.",
        "Nothing, unless an error with code TSB3203 follows.",
    )
    RESULTS_UNREADABLE = (
        "TSB2206",
        "A result file cannot be read. Rows that only it names are uncertain.",
        "Look the uncertain rows up in Salesforce before resending them.",
    )
    JOB_NOT_FOUND = (
        "TSB2207",
        "Salesforce says once that a job does not exist; it is asked again.",
        _NOTHING,
    )
    COMPRESSION_STOPPED = (
        "TSB2208",
        "Salesforce does not read compressed uploads; the rest is sent plain.",
        "Set `compress_uploads` to false.",
    )
    JOB_REFUSED_BEFORE = (
        "TSB2209",
        "Salesforce refused a job of an earlier run as a whole. None of its rows were processed.",
        "Correct what the line names; the tap sends the rows again.",
    )
    PROPERTIES_NOT_LOADED = (
        "TSB2301",
        "Properties of a stream belong to no field, so they are not loaded.",
        "Map them with `field_mapping`, or set `unmapped_fields` to ignore.",
    )
    DELETED_RECORDS_LOADED = (
        "TSB2302",
        "Records that the source has deleted were loaded like any other.",
        "Set `deletes` to delete them in Salesforce.",
    )
    ENTRY_UNUSED = (
        "TSB2303",
        "Entries of `streams` and the streams of the input do not match.",
        "Correct the names in `streams`, or what the tap selects.",
    )
    TAP_BROKE_OFF = (
        "TSB2304",
        "A tap that used to send STATE sent none, so it seems to have broken off.",
        "See docs/resume.md.",
    )
    IDS_NOT_KEPT = (
        "TSB2305",
        "The successful results of a job could not be read, so the Ids of its records are missing.",
        "Query Salesforce by the key if the Ids are needed.",
    )
    STREAM_STOPPED = (
        "TSB2306",
        "No further batch of a stream is loaded in this run; other streams continue. The error at "
        "the end of the run says what becomes of its rows.",
        "Correct the cause. The rows come again, or stay stored.",
    )
    STATE_OF_OTHER_ORG = (
        "TSB2401",
        "STATE was written for another org.",
        "Use a separate STATE for each org.",
    )
    BOOKMARK_UNKNOWN = (
        "TSB2402",
        "The tap of results got a bookmark of another state directory, so it sends every row.",
        "Nothing, unless `state_dir` is wrong.",
    )
    FAILED = ("TSB3000", "The program failed in another way.", "Read the line.")
    SETTINGS_WRONG = (
        "TSB3001",
        "A setting is missing, contradicts another, or names something unknown.",
        "Correct it; `check` tests a configuration without loading.",
    )
    INPUT_WRONG = ("TSB3002", "The input is not valid Singer.", "Check the tap.")
    STATE_DIRECTORY_UNUSABLE = (
        "TSB3003",
        "The state directory cannot be used.",
        "Do what the line says. Only one run may use it at a time.",
    )
    OUTPUT_FAILED = (
        "TSB3004",
        "STATE cannot be written to stdout.",
        "See what reads stdout. The next run continues.",
    )
    MAPPING_WRONG = (
        "TSB3005",
        "A stream cannot be mapped to its Salesforce object.",
        "Correct the entry of the stream; see docs/mapping.md.",
    )
    API_USAGE_TOO_HIGH = (
        "TSB3006",
        "The org has used more of its daily API requests than `api_usage_limit_percent` allows.",
        "Run later, or raise the limit. The next run continues.",
    )
    RUN_NEEDS_ATTENTION = (
        "TSB3007",
        "The run finished, but a stream stopped, too many rows failed, or rows are uncertain.",
        "See the table and `target-salesforce-bulk failed list`.",
    )
    STOPPED_BY_SIGNAL = (
        "TSB3008",
        "A signal stopped the program.",
        "Nothing. The next run continues.",
    )
    FILE_FAILED = (
        "TSB3009",
        "A file cannot be read or written.",
        "Check the free space and the permissions of `state_dir`.",
    )
    PROGRAM_FAILED = ("TSB3010", "A bug in this program.", "Report it with the traceback.")
    LOGIN_FAILED = (
        "TSB3101",
        "Salesforce does not accept the login.",
        "Correct the login; see docs/login.md.",
    )
    UNREACHABLE = (
        "TSB3102",
        "Salesforce did not respond.",
        "Check the network and `login_url`. The next run continues.",
    )
    ANSWER_LOST = (
        "TSB3103",
        "The response to a request was lost that may have taken effect.",
        "Run again: the next run finds out.",
    )
    ANSWER_UNREADABLE = (
        "TSB3104",
        "Salesforce, or a proxy, sent a response that cannot be read.",
        "Check proxies on the way. The next run continues.",
    )
    REQUEST_REFUSED = ("TSB3105", "Salesforce refused a request.", "Do what the line says.")
    NOT_FOUND = (
        "TSB3106",
        "Something does not exist in Salesforce, or the user may not see it.",
        "Check the name and the user's permissions.",
    )
    LIMIT_EXCEEDED = (
        "TSB3107",
        "A limit of the org is used up.",
        "Run again when the limit is free. The next run continues.",
    )
    UNAVAILABLE = (
        "TSB3108",
        "Salesforce stayed overloaded or down.",
        "See status.salesforce.com. The next run continues.",
    )
    JOB_FAILED = (
        "TSB3201",
        "A job cannot be brought to its end.",
        "Do what the line says; `target-salesforce-bulk jobs show` has the job.",
    )
    JOB_GONE = (
        "TSB3202",
        "A job was deleted, or is older than seven days, so its rows are uncertain.",
        "Look its rows up in Salesforce before resending them.",
    )
    JOB_MISMATCH = (
        "TSB3203",
        "Salesforce's responses about a job contradict each other, so rows are uncertain.",
        "Look the rows up in Salesforce before resending them.",
    )

    def __init__(self, code: str, meaning: str, remedy: str) -> None:
        #: Such as `TSB1203`.
        self.code = code
        #: What happened, in a sentence.
        self.meaning = meaning
        #: What to do, in a sentence or two.
        self.remedy = remedy

    @property
    def action(self) -> str:
        """The name of the event in the structured log, such as `job_created`."""
        return self.name.lower()


def log_facts(code: LogCode, **facts: Any) -> dict[str, Any]:
    """What a structured log line carries beside its text: the `extra` of a logging call."""
    return {"code": code.code, "action": code.action, **facts}
