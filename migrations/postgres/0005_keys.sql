-- +goose Up
-- As ../sqlite/0005_keys.sql, which says what the columns mean.
ALTER TABLE keys
  ADD COLUMN id text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN scopes text COLLATE "C" NOT NULL DEFAULT '["read","write","admin","raw"]',
  ADD COLUMN sources text COLLATE "C",
  ADD COLUMN personal boolean NOT NULL DEFAULT true,
  ADD COLUMN expires_at bigint,
  ADD COLUMN revoked_at bigint,
  ADD COLUMN last_used_at bigint;
UPDATE keys SET id = 'first-' || substr(encode(hash, 'hex'), 1, 12);
CREATE UNIQUE INDEX keys_id ON keys (id);

-- +goose Down
DROP INDEX keys_id;
ALTER TABLE keys DROP COLUMN id, DROP COLUMN scopes, DROP COLUMN sources, DROP COLUMN personal, DROP COLUMN expires_at,
  DROP COLUMN revoked_at, DROP COLUMN last_used_at;
