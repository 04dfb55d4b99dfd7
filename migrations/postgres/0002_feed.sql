-- +goose Up
-- As in ../sqlite/0002_feed.sql.
ALTER TABLE changes
  ADD COLUMN type text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN source text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN recorded_at bigint NOT NULL DEFAULT 0;
UPDATE changes SET type = e.type, source = e.source, recorded_at = e.joined_at
  FROM events e WHERE e.subject = changes.subject AND e.fp = changes.fp;

-- +goose Down
ALTER TABLE changes DROP COLUMN type, DROP COLUMN source, DROP COLUMN recorded_at;
