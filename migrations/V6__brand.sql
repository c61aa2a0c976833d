-- The brand of a place: settings of its own, and templates of its mail with their history.

-- A location without a portal uses the pages that readmit serves itself. A column's NOT NULL cannot be taken back, so
-- another one takes its place.
ALTER TABLE businesses ADD COLUMN portal TEXT;
UPDATE businesses SET portal = portal_url;
ALTER TABLE businesses DROP COLUMN portal_url;
ALTER TABLE businesses RENAME COLUMN portal TO portal_url;

-- An IANA name: Europe/Madrid.
ALTER TABLE businesses ADD COLUMN time_zone TEXT;
ALTER TABLE businesses ADD COLUMN password_min_length INTEGER;
-- Milliseconds.
ALTER TABLE businesses ADD COLUMN access_ttl INTEGER;
ALTER TABLE businesses ADD COLUMN refresh_ttl INTEGER;
-- Origins with blanks between them.
ALTER TABLE businesses ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT '';
-- A relay of the location's own; the password is sealed under a key outside of the database.
ALTER TABLE businesses ADD COLUMN smtp_url TEXT;
ALTER TABLE businesses ADD COLUMN smtp_username TEXT;
ALTER TABLE businesses ADD COLUMN smtp_password BLOB;

-- Any language could be set before; mail is written in these.
UPDATE businesses SET locale = NULL
WHERE lower(locale) NOT IN ('en', 'es', 'fr', 'de', 'pt', 'it', 'nl')
AND lower(substr(locale, 1, 3)) NOT IN ('en-', 'es-', 'fr-', 'de-', 'pt-', 'it-', 'nl-');

ALTER TABLE accounts ADD COLUMN locale TEXT;

-- One part of one kind of mail, in place of the built-in one.
CREATE TABLE templates (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Absent: for every location that has none of its own.
    business_id INTEGER REFERENCES businesses (id) ON DELETE CASCADE,
    kind        TEXT    NOT NULL,
    part        TEXT    NOT NULL CHECK (part IN ('subject', 'text', 'html')),
    -- Absent: for every language that has none of its own.
    locale      TEXT,
    -- The version in force.
    version     INTEGER NOT NULL,
    -- The last time that the version in force could not be rendered, and why. A new version starts afresh.
    failed_at   INTEGER,
    failure     TEXT
) STRICT;

CREATE UNIQUE INDEX templates_place ON templates (kind, part, coalesce(business_id, 0), coalesce(locale, ''));

CREATE TABLE template_versions (
    template_id INTEGER NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    version     INTEGER NOT NULL,
    -- Absent: the template was taken back, and the next one in the order stands in for it.
    source      TEXT,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    note        TEXT,
    PRIMARY KEY (template_id, version)
) STRICT;
