-- Every time is in milliseconds since the Unix epoch. Nothing here opens a door: tokens are signed when they are
-- sent, from rows that hold their id only, and refresh tokens are kept as SHA-256.

CREATE TABLE businesses (
    id             INTEGER PRIMARY KEY CHECK (id > 0),
    name           TEXT    NOT NULL,
    portal_url     TEXT    NOT NULL,
    sender_name    TEXT,
    sender_address TEXT,
    reply_to       TEXT,
    colour         TEXT,
    logo_url       TEXT,
    reset_link     TEXT,
    locale         TEXT,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    id                  TEXT    PRIMARY KEY,
    email               TEXT    NOT NULL,
    -- ASCII lower case of `email`: the form in which addresses are compared.
    email_key           TEXT    NOT NULL UNIQUE,
    name                TEXT    NOT NULL,
    business_id         INTEGER REFERENCES businesses (id),
    -- PHC string of Argon2id; absent until a first reset.
    password_hash       TEXT,
    must_reset_password INTEGER NOT NULL DEFAULT 0 CHECK (must_reset_password IN (0, 1)),
    suspended_at        INTEGER,
    -- Counts changes of password, address and status; a token made under an older count is dead.
    credential_version  INTEGER NOT NULL DEFAULT 1,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX accounts_business ON accounts (business_id);

CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    kind            TEXT    NOT NULL,
    -- What was submitted, for a request; the stored address, for a notice.
    recipient       TEXT    NOT NULL,
    account_id      TEXT    REFERENCES accounts (id) ON DELETE SET NULL,
    -- As submitted: it may name no business at all.
    business_id     INTEGER,
    client          TEXT,
    message_id      TEXT    NOT NULL UNIQUE,
    state           TEXT    NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'sending', 'sent', 'dead', 'dropped')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- When the next attempt is due; while 'sending', when the lease runs out.
    next_attempt_at INTEGER NOT NULL,
    lease_owner     TEXT,
    last_reply      TEXT,
    reason          TEXT,
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER
) STRICT;

CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state IN ('queued', 'sending');

CREATE TABLE reset_tokens (
    jti                TEXT    PRIMARY KEY,
    account_id         TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    business_id        INTEGER,
    -- The message that carries the link: a retry finds its token here and keeps it.
    outbox_id          INTEGER UNIQUE REFERENCES outbox (id) ON DELETE SET NULL,
    credential_version INTEGER NOT NULL,
    issued_at          INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    used_at            INTEGER,
    revoked_at         INTEGER,
    revoked_why        TEXT,
    -- Completions that were refused for a weak password.
    refused_passwords  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX reset_tokens_open ON reset_tokens (account_id) WHERE used_at IS NULL AND revoked_at IS NULL;

CREATE TABLE login_tokens (
    jti                TEXT    PRIMARY KEY,
    account_id         TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    business_id        INTEGER,
    credential_version INTEGER NOT NULL,
    issued_at          INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    used_at            INTEGER,
    revoked_at         INTEGER
) STRICT;

CREATE INDEX login_tokens_open ON login_tokens (account_id) WHERE used_at IS NULL AND revoked_at IS NULL;

CREATE TABLE sessions (
    id          TEXT    PRIMARY KEY,
    account_id  TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    business_id INTEGER,
    client_id   TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    revoked_at  INTEGER,
    revoked_why TEXT
) STRICT;

CREATE INDEX sessions_open ON sessions (account_id) WHERE revoked_at IS NULL;

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token.
    hash       BLOB    PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    -- Who acted: 'member', 'anonymous', or 'admin:<system user>'.
    actor       TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    outcome     TEXT    NOT NULL CHECK (outcome IN ('ok', 'refused')),
    -- Kept when the account is gone.
    account_id  TEXT,
    business_id INTEGER,
    client      TEXT,
    detail      TEXT
) STRICT;

-- One row, rewritten to find out whether the disk takes a write.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
