-- +goose Up
-- What lists are read from: an index that follows the feed, so that no webhook waits for it. All of it but labels can be
-- made anew from the rest.

-- A shelf is a combination of the words that lists filter by. A subject stands on one.
CREATE TABLE shelves (
  id       INTEGER PRIMARY KEY,
  key      BLOB    NOT NULL UNIQUE,         -- SHA-256 of the words
  sources  TEXT    NOT NULL,                -- JSON array: all that its events came by, sorted
  provider TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  status   TEXT    NOT NULL,
  delivery TEXT    NOT NULL,
  phase    TEXT    NOT NULL,
  illegal  INTEGER NOT NULL,                -- 1: an illegal transition stands on the timeline
  stuck    INTEGER NOT NULL,                -- 1: the deadline has passed
  subjects INTEGER NOT NULL                 -- how many stand on it
) STRICT;

CREATE TABLE listings (
  subject  INTEGER PRIMARY KEY,
  shelf    INTEGER NOT NULL,
  updated  INTEGER NOT NULL,                -- subjects.joined_at
  due_at   INTEGER,                         -- when somebody should look
  stuck    INTEGER NOT NULL,                -- as on the shelf
  seen     INTEGER NOT NULL,                -- changes numbered below it are part of the listing
  terms    BLOB    NOT NULL,                -- those of its postings, 8 bytes each, sorted
  names    TEXT    NOT NULL,                -- JSON: those in names
  counted  BLOB    NOT NULL                 -- what statistics count of it
) STRICT;
CREATE INDEX listings_shelf ON listings (shelf, subject);
CREATE INDEX listings_due ON listings (due_at) WHERE due_at IS NOT NULL AND stuck = 0;

-- A term is 63 bits of the SHA-256 of something that lists filter by; 0 is for all. By shelf, in the order of updates:
CREATE TABLE postings (
  term     INTEGER NOT NULL,
  shelf    INTEGER NOT NULL,
  updated  INTEGER NOT NULL,
  subject  INTEGER NOT NULL,
  PRIMARY KEY (term, shelf, updated, subject)
) STRICT, WITHOUT ROWID;

-- In the order in which subjects became known, where a move changes nothing; without term 0.
CREATE TABLE members (
  term     INTEGER NOT NULL,
  subject  INTEGER NOT NULL,
  PRIMARY KEY (term, subject)
) STRICT, WITHOUT ROWID;

-- What a search by text finds, in lower case.
CREATE TABLE names (
  name     TEXT    NOT NULL,
  what     INTEGER NOT NULL,                -- 0 id, 1 reference, 2 recipient
  subject  INTEGER NOT NULL,
  PRIMARY KEY (name, what, subject)
) STRICT, WITHOUT ROWID;

-- What people say of a subject.
CREATE TABLE labels (
  subject    INTEGER PRIMARY KEY,
  reference  TEXT    NOT NULL,
  free       TEXT    NOT NULL,              -- a JSON object
  expires_at INTEGER,
  updated_at INTEGER NOT NULL,
  by         TEXT    NOT NULL               -- id of the key that set them
) STRICT;

-- Subjects to list anew though the feed tells nothing of them. One may wait more than once.
CREATE TABLE relist (
  id       INTEGER PRIMARY KEY,
  subject  INTEGER NOT NULL
) STRICT;

-- One row: how far the index follows the feed.
CREATE TABLE follower (
  rules    INTEGER NOT NULL,                -- by which it was made; 0: nothing is
  position TEXT    NOT NULL,                -- of the last change that it holds
  up_to    INTEGER NOT NULL,                -- when that change was made
  keys     TEXT    NOT NULL                 -- JSON array: the metadata that holds a reference where events name none
) STRICT;
INSERT INTO follower VALUES (1, '', 0, '[]');

-- +goose Down
DROP TABLE follower; DROP TABLE relist; DROP TABLE labels; DROP TABLE names; DROP TABLE members; DROP TABLE postings; DROP TABLE listings; DROP TABLE shelves;
