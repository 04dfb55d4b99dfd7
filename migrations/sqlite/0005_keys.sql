-- +goose Up
-- Keys that may do less than everything. One from before may still do all of it, and gets an id by which it can be
-- revoked: its own is known to its owner only.
ALTER TABLE keys ADD COLUMN id TEXT NOT NULL DEFAULT '';     -- shown; part of the key itself
ALTER TABLE keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["read","write","admin","raw"]'; -- JSON array
ALTER TABLE keys ADD COLUMN sources TEXT;                    -- JSON array of whose rows it reaches; NULL: all
ALTER TABLE keys ADD COLUMN personal INTEGER NOT NULL DEFAULT 1;
ALTER TABLE keys ADD COLUMN expires_at INTEGER;
ALTER TABLE keys ADD COLUMN revoked_at INTEGER;
ALTER TABLE keys ADD COLUMN last_used_at INTEGER;            -- to the minute
UPDATE keys SET id = 'first-' || lower(substr(hex(hash), 1, 12));
CREATE UNIQUE INDEX keys_id ON keys (id);

-- +goose Down
DROP INDEX keys_id;
ALTER TABLE keys DROP COLUMN id;
ALTER TABLE keys DROP COLUMN scopes;
ALTER TABLE keys DROP COLUMN sources;
ALTER TABLE keys DROP COLUMN personal;
ALTER TABLE keys DROP COLUMN expires_at;
ALTER TABLE keys DROP COLUMN revoked_at;
ALTER TABLE keys DROP COLUMN last_used_at;
