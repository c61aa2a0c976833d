-- A second factor: time-based one-time passwords (RFC 6238), and recovery codes for those who lost their device.

CREATE TABLE totp (
    account_id   TEXT    PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- Sealed under a key outside of the database.
    secret       BLOB    NOT NULL,
    created_at   INTEGER NOT NULL,
    -- Absent until a first code has shown that the member's device has the secret; until then nobody is asked for one.
    confirmed_at INTEGER,
    -- The time step of the last code that was accepted: it and those before it are used up.
    last_step    INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    account_id TEXT    NOT NULL REFERENCES totp (account_id) ON DELETE CASCADE,
    -- HMAC of the code under a key outside of the database.
    hash       BLOB    NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (account_id, hash)
) STRICT, WITHOUT ROWID;
