-- Consecutive wrong codes of a device, from wherever they came. Only a right one resets the count.
ALTER TABLE totp ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
