-- Refresh tokens rotate: one that was used stays, to notice when it is used again.
ALTER TABLE refresh_tokens ADD COLUMN used_at INTEGER;
-- The hash of the token that this one was given for.
ALTER TABLE refresh_tokens ADD COLUMN parent BLOB;

ALTER TABLE sessions ADD COLUMN last_used_at INTEGER;
-- From where the session was opened.
ALTER TABLE sessions ADD COLUMN client TEXT;

-- The same client again is no news.
CREATE INDEX sessions_clients ON sessions (account_id, client_id);

-- One-time codes. The code itself stands nowhere: it is an HMAC of the id under a key outside of the database.
CREATE TABLE otp_codes (
    -- Also the id of the login token in the mail's magic link.
    id                 TEXT    PRIMARY KEY,
    account_id         TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    business_id        INTEGER,
    outbox_id          INTEGER UNIQUE REFERENCES outbox (id) ON DELETE SET NULL,
    credential_version INTEGER NOT NULL,
    issued_at          INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    -- Wrong guesses, counted before they are compared.
    attempts           INTEGER NOT NULL DEFAULT 0,
    used_at            INTEGER
) STRICT;

CREATE INDEX otp_codes_open ON otp_codes (account_id) WHERE used_at IS NULL;

-- When a code was last asked for, by the address that was submitted: the same for those without an account.
CREATE TABLE otp_requests (
    email_key TEXT    PRIMARY KEY,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX otp_requests_at ON otp_requests (at);

-- Consecutive wrong codes of an account, whoever tried them. Only a success resets the count.
ALTER TABLE accounts ADD COLUMN otp_failures INTEGER NOT NULL DEFAULT 0;

-- Wrong passwords and codes, by the address that was submitted and the network that they came from.
CREATE TABLE guesses (
    email_key TEXT    NOT NULL,
    network   TEXT    NOT NULL,
    failures  INTEGER NOT NULL,
    -- Until when the pair has to wait.
    next_at   INTEGER NOT NULL,
    PRIMARY KEY (email_key, network)
) STRICT, WITHOUT ROWID;

CREATE INDEX guesses_next_at ON guesses (next_at);

ALTER TABLE businesses ADD COLUMN magic_link TEXT;
