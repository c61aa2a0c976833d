"""Says of each mail which of its DKIM signatures are good.

Standard input holds a JSON object: "now" is the time in seconds, "records" maps names to TXT records,
and "mails" is a list of mails in base64. Standard output gets a list of lists, a boolean for each signature of each mail.
"""

import base64
import json
import sys
import time

import dkim

given = json.load(sys.stdin)
records = given["records"]
# The clock that the mail was signed by is the test's own.
time.time = lambda: given["now"]


def lookup(name, timeout=5):
    """In place of the DNS."""
    return records.get(name.decode().rstrip("."), "").encode() or None


def verdicts(mail):
    count = sum(
        line.lower().startswith(b"dkim-signature:")
        for line in mail.split(b"\r\n\r\n")[0].split(b"\r\n")
    )
    found = []
    for index in range(count):
        try:
            found.append(dkim.DKIM(mail).verify(idx=index, dnsfunc=lookup))
        except dkim.DKIMException:
            found.append(False)
    return found


print(json.dumps([verdicts(base64.b64decode(mail)) for mail in given["mails"]]))
