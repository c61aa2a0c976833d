-- What the console looks for: the last hour and day of everything, and all that belongs to one account.
CREATE INDEX outbox_created ON outbox (created_at);
CREATE INDEX outbox_account ON outbox (account_id, id);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_account ON audit (account_id, id);
CREATE INDEX reset_tokens_account ON reset_tokens (account_id);
CREATE INDEX reset_tokens_expiry ON reset_tokens (expires_at) WHERE used_at IS NULL AND revoked_at IS NULL;
-- A search reads this in its order, and of the table only what it has found.
CREATE INDEX accounts_search ON accounts (email_key, name);
