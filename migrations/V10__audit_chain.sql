-- What makes a removed, altered, inserted or moved entry show: see src/audit/chain.rs.
ALTER TABLE audit ADD COLUMN hash BLOB CHECK (hash IS NULL OR length(hash) = 32);

-- Entries from before the chain, which the next start brings into it.
CREATE INDEX audit_unsealed ON audit (id) WHERE hash IS NULL;

-- Where the chain begins: behind what retention has removed.
CREATE TABLE audit_anchor (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    -- The last entry that was removed, its hash, and when it was written.
    through_id      INTEGER NOT NULL,
    through_hash    BLOB    NOT NULL CHECK (length(through_hash) = 32),
    through_at      INTEGER NOT NULL,
    -- Entries up to this one are older than the chain.
    adopted_through INTEGER NOT NULL,
    -- The first entry that was not as it had been written when retention removed it.
    broken_id       INTEGER,
    mac             BLOB    NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE TRIGGER audit_only_appended BEFORE INSERT ON audit
WHEN NEW.hash IS NULL OR EXISTS (SELECT 1 FROM audit WHERE id >= NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to, by a readmit that knows its chain');
END;

CREATE TRIGGER audit_never_altered BEFORE UPDATE OF
    id, at, actor, event, outcome, account_id, business_id, client, detail ON audit
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are never altered');
END;

CREATE TRIGGER audit_sealed_once BEFORE UPDATE OF hash ON audit
WHEN OLD.hash IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are never altered');
END;

CREATE TRIGGER audit_removed_behind_the_anchor BEFORE DELETE ON audit
WHEN OLD.id > coalesce((SELECT through_id FROM audit_anchor), 0)
BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log are removed by retention only');
END;

CREATE TRIGGER audit_anchor_moves_forward BEFORE UPDATE ON audit_anchor
WHEN NEW.through_id < OLD.through_id
BEGIN
    SELECT RAISE(ABORT, 'the anchor of the audit log only moves forward');
END;

CREATE TRIGGER audit_anchor_stays BEFORE DELETE ON audit_anchor
BEGIN
    SELECT RAISE(ABORT, 'the anchor of the audit log stays');
END;
