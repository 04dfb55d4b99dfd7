-- +goose Up
-- What requests with an idempotency key were answered. Neither key nor answer is readable without the API key.
CREATE TABLE idempotency (
  id       BLOB PRIMARY KEY,            -- digest of who asked and with which idempotency key
  request  BLOB    NOT NULL,            -- digest of what was asked
  holder   INTEGER NOT NULL,            -- a random number of whoever took the key last
  until_at INTEGER NOT NULL,            -- when the hold on the key or, once there is an answer, the row ends
  answer   BLOB    NOT NULL             -- sealed; empty while the first request runs
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_until ON idempotency (until_at);

-- +goose Down
DROP TABLE idempotency;
