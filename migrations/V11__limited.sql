-- How many requests each limit has held back, by the minute, for whoever looks from another process.
CREATE TABLE limited (
    at       INTEGER NOT NULL,
    -- The limit's name in the configuration.
    rule     TEXT    NOT NULL,
    requests INTEGER NOT NULL CHECK (requests > 0),
    PRIMARY KEY (at, rule)
) STRICT, WITHOUT ROWID;
