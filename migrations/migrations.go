// Package migrations embeds the SQL that makes and upgrades a database: one folder per dialect, numbered.
package migrations

import "embed"

// SQLite holds the migrations for SQLite, under "sqlite".
//
//go:embed sqlite/*.sql
var SQLite embed.FS

// Postgres holds the migrations for PostgreSQL, under "postgres".
//
//go:embed postgres/*.sql
var Postgres embed.FS
