-- +goose Up
-- As in ../sqlite/0004_tallies.sql, which says what the columns mean.
CREATE TABLE event_tallies (
  daily       boolean NOT NULL,
  since       bigint NOT NULL,
  source      text COLLATE "C"    NOT NULL,
  provider    text COLLATE "C"    NOT NULL,
  kind        text COLLATE "C"    NOT NULL,
  type        text COLLATE "C"    NOT NULL,
  verdict     text COLLATE "C"    NOT NULL,
  n           bigint NOT NULL,
  PRIMARY KEY (daily, since, source, provider, kind, type, verdict)
);

CREATE TABLE stay_tallies (
  machine     text COLLATE "C"    NOT NULL,
  sources     text COLLATE "C"    NOT NULL,
  region      text COLLATE "C"    NOT NULL,
  state       text COLLATE "C"    NOT NULL,
  bucket      bigint NOT NULL,
  n           bigint NOT NULL,
  PRIMARY KEY (machine, sources, region, state, bucket)
);

CREATE TABLE funnel_tallies (
  machine     text COLLATE "C"    NOT NULL,
  day         bigint NOT NULL,
  sources     text COLLATE "C"    NOT NULL,
  region      text COLLATE "C"    NOT NULL,
  state       text COLLATE "C"    NOT NULL,
  n           bigint NOT NULL,
  PRIMARY KEY (machine, day, sources, region, state)
);

CREATE TABLE source_sets (
  sources     text COLLATE "C"    NOT NULL PRIMARY KEY
);

-- +goose Down
DROP TABLE source_sets; DROP TABLE funnel_tallies; DROP TABLE stay_tallies; DROP TABLE event_tallies;
