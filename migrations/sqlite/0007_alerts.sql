-- +goose Up
-- What is watched of a subject stands beside what is listed of it, and is made anew with it.
ALTER TABLE listings ADD COLUMN look_at INTEGER;           -- when to look at it next, whatever for
ALTER TABLE listings ADD COLUMN expires_at INTEGER;        -- while it is open
DROP INDEX listings_due;
CREATE INDEX listings_look ON listings (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX listings_stuck ON listings (due_at, subject) WHERE stuck = 1;
CREATE INDEX listings_expires ON listings (expires_at, subject) WHERE expires_at IS NOT NULL;
ALTER TABLE follower ADD COLUMN policy TEXT NOT NULL DEFAULT '';         -- digest of the one by which deadlines were made
ALTER TABLE follower ADD COLUMN alerting_since INTEGER NOT NULL DEFAULT 0; -- what held before is not told; 0: alerts never ran
ALTER TABLE follower ADD COLUMN review INTEGER;           -- subjects behind this number wait to be looked at by that policy; NULL: none
ALTER TABLE follower ADD COLUMN moves TEXT NOT NULL DEFAULT ''; -- position in the feed up to which moves were told; kept when the index is made anew

CREATE TABLE alerts (
  id          TEXT    NOT NULL PRIMARY KEY, -- domain.AlertID
  rule        TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  subject     INTEGER,                      -- NULL: about a source, or ourselves
  provider    TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  subject_id  TEXT    NOT NULL,
  source      TEXT    NOT NULL,
  sources     TEXT    NOT NULL,             -- JSON array, sorted: all that its subject's events came by
  company_id  TEXT    NOT NULL,
  reference   TEXT    NOT NULL,
  recipient   TEXT    NOT NULL,
  metadata    TEXT    NOT NULL,
  region      TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  event       TEXT    NOT NULL,             -- id of the one it is about
  since       INTEGER NOT NULL,
  at          INTEGER NOT NULL,             -- from when on it holds
  raised_at   INTEGER NOT NULL,
  detail      TEXT    NOT NULL,
  status      TEXT    NOT NULL,
  until_at    INTEGER,                      -- snoozed until then
  until_moves INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  by          TEXT    NOT NULL,
  reopened    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_subject ON alerts (subject, ended_at) WHERE subject IS NOT NULL;
CREATE INDEX alerts_standing ON alerts (rule, source, ended_at) WHERE subject IS NULL;
CREATE INDEX alerts_updated ON alerts (updated_at, id);
CREATE INDEX alerts_live ON alerts (updated_at, id) WHERE status IN ('open', 'acknowledged', 'snoozed');

CREATE TABLE alert_steps (
  alert TEXT    NOT NULL,
  n     INTEGER NOT NULL,                   -- counts from 1
  kind  TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  by    TEXT    NOT NULL,
  note  TEXT    NOT NULL,
  PRIMARY KEY (alert, n)
) STRICT, WITHOUT ROWID;

-- What is to be told: written with what it tells of, gathered into notifications by group.
CREATE TABLE items (
  id           INTEGER PRIMARY KEY,
  channel      TEXT    NOT NULL,
  grp          TEXT    NOT NULL,
  alert        TEXT    NOT NULL,            -- empty for a move
  step         TEXT    NOT NULL,
  at           INTEGER NOT NULL,            -- when it was written
  sources      TEXT    NOT NULL,            -- JSON array, sorted: of what it tells of
  move         TEXT    NOT NULL,            -- JSON of a domain.Move; empty for an alert
  suppressed   TEXT    NOT NULL,            -- why it will not be told; empty: it will
  notification TEXT                         -- that tells it; NULL: none yet
) STRICT;
CREATE INDEX items_waiting ON items (channel, grp, id) WHERE notification IS NULL AND suppressed = '';
CREATE INDEX items_suppressed ON items (id) WHERE suppressed <> '';
CREATE INDEX items_notification ON items (notification, id) WHERE notification IS NOT NULL;
CREATE INDEX items_alert ON items (alert, channel, id) WHERE alert <> '';

CREATE TABLE notifications (
  id         TEXT    NOT NULL PRIMARY KEY,  -- ntf_ and a UUIDv7
  channel    TEXT    NOT NULL,
  grp        TEXT    NOT NULL,
  kind       TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  next_at    INTEGER,
  sent_at    INTEGER,
  last_error TEXT    NOT NULL,
  counts     TEXT    NOT NULL,              -- JSON object: alerts by step
  sources    TEXT    NOT NULL               -- JSON array, sorted: of all that it tells of
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_pending ON notifications (channel, grp) WHERE status = 'pending';
CREATE INDEX notifications_status ON notifications (status, id);

-- Which groups were told, and when last.
CREATE TABLE told (
  channel TEXT    NOT NULL,
  grp     TEXT    NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (channel, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE channels (
  channel      TEXT    NOT NULL PRIMARY KEY,
  disabled_at  INTEGER,
  reason       TEXT    NOT NULL DEFAULT '',
  last_sent_at INTEGER,
  last_error   TEXT    NOT NULL DEFAULT '',
  failing_at   INTEGER                      -- since when every attempt fails
) STRICT, WITHOUT ROWID;

-- When nothing could be heard: of a source, or (empty) of all, because we were down.
CREATE TABLE outages (
  source  TEXT    NOT NULL,
  from_at INTEGER NOT NULL,
  to_at   INTEGER,                          -- NULL while it lasts
  PRIMARY KEY (source, from_at)
) STRICT, WITHOUT ROWID;

-- One row: when somebody here last could have heard something.
CREATE TABLE pulse (
  at INTEGER NOT NULL                       -- 0: never yet
) STRICT;
INSERT INTO pulse VALUES (0);

-- +goose Down
DROP TABLE pulse; DROP TABLE outages; DROP TABLE channels; DROP TABLE told; DROP TABLE notifications; DROP TABLE items; DROP TABLE alert_steps; DROP TABLE alerts;
ALTER TABLE follower DROP COLUMN policy;
ALTER TABLE follower DROP COLUMN alerting_since;
ALTER TABLE follower DROP COLUMN review;
ALTER TABLE follower DROP COLUMN moves;
DROP INDEX listings_look; DROP INDEX listings_stuck; DROP INDEX listings_expires;
ALTER TABLE listings DROP COLUMN look_at;
ALTER TABLE listings DROP COLUMN expires_at;
CREATE INDEX listings_due ON listings (due_at) WHERE due_at IS NOT NULL AND stuck = 0;
