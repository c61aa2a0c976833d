-- The outbox as administrators need it: what was tried and said, whom there is no use writing to, how the relays are.

-- Codes (0) go before links (1), and links before notices (2).
ALTER TABLE outbox ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
-- Attempts in a row that ended with the end of the process, rather than with an outcome.
ALTER TABLE outbox ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
-- When somebody had it sent anew: from then on it is worth sending as if it were new.
ALTER TABLE outbox ADD COLUMN renewed_at INTEGER;

UPDATE outbox SET priority = CASE kind WHEN 'otp' THEN 0 WHEN 'reset' THEN 1 ELSE 2 END;

-- What is due is found by priority, and in its order; what has ended, by its age.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (priority, next_attempt_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outbox_finished ON outbox (state, finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE outbox_attempts (
    outbox_id INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    attempt   INTEGER NOT NULL,
    -- Which of the relays that the attempt went to, from 0.
    turn      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    -- Absent when it came to no relay at all.
    relay     TEXT,
    -- How far the conversation came; absent when the relay took the mail.
    stage     TEXT,
    code      INTEGER,
    enhanced  TEXT,
    text      TEXT    NOT NULL,
    PRIMARY KEY (outbox_id, attempt, turn)
) STRICT, WITHOUT ROWID;

-- Addresses that no mail is sent to any more.
CREATE TABLE suppressions (
    -- ASCII lower case of the address, as in `accounts`.
    email_key TEXT    PRIMARY KEY,
    reason    TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How the relays are, as the server that last heard of one knows it; for commands, which are other processes.
CREATE TABLE relays (
    relay         TEXT    PRIMARY KEY,
    -- Its place in the order of preference, from 0.
    place         INTEGER NOT NULL,
    -- Absent while it works.
    down_since    INTEGER,
    -- When it is tried next; absent while it works.
    next_probe_at INTEGER,
    -- Why it is down.
    failure       TEXT,
    at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
