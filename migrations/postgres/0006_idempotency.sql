-- +goose Up
-- As in ../sqlite/0006_idempotency.sql.
CREATE TABLE idempotency (
  id       bytea PRIMARY KEY,
  request  bytea  NOT NULL,
  holder   bigint NOT NULL,
  until_at bigint NOT NULL,
  answer   bytea  NOT NULL
);
CREATE INDEX idempotency_until ON idempotency (until_at);

-- +goose Down
DROP TABLE idempotency;
