-- +goose Up
-- A change says of its event what followers of the feed count and choose by, so that they need not find the event, which
-- may have left its timeline since. For events that had left it before this migration both texts are empty.
ALTER TABLE changes ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN source TEXT NOT NULL DEFAULT '';            -- that the event came by
ALTER TABLE changes ADD COLUMN recorded_at INTEGER NOT NULL DEFAULT 0;     -- when the event joined its timeline
UPDATE changes SET type = e.type, source = e.source, recorded_at = e.joined_at
  FROM events e WHERE e.subject = changes.subject AND e.fp = changes.fp;

-- +goose Down
ALTER TABLE changes DROP COLUMN type;
ALTER TABLE changes DROP COLUMN source;
ALTER TABLE changes DROP COLUMN recorded_at;
