"""The same records with simple-salesforce's Bulk API 2.0, used as in its documentation.

`python bench/simple.py URL TOKEN < messages`
"""

from __future__ import annotations

import json
import sys

from simple_salesforce import Salesforce

records = [
    message["record"] for message in map(json.loads, sys.stdin) if message["type"] == "RECORD"
]
url = sys.argv[1]
org = Salesforce(instance_url=url, session_id=sys.argv[2], version="67.0")
# It supports https only, which the local emulator does not.
org.base_url = f"{url}/services/data/v67.0/"
org.bulk2_url = f"{org.base_url}jobs/"
results = org.bulk2.Contact.upsert(records=records, external_id_field="External_Id__c")
print(sum(each["numberRecordsProcessed"] - each["numberRecordsFailed"] for each in results))
