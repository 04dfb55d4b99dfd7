package main

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	_ "giftline/store" // registers the SQLite driver that this build has
)

// versionCmd prints what a bug report needs.
type versionCmd struct{}

// Run prints the versions.
func (*versionCmd) Run(p *program) error {
	// The driver in C registers itself in every build, as a stub where it was built without C; the other one only where
	// it is needed.
	driver, cgo := "sqlite3", "with cgo"
	if slices.Contains(sql.Drivers(), "sqlite") {
		driver, cgo = "sqlite", "without cgo"
	}
	sqlite, err := sqliteVersion(driver)
	if err != nil {
		return fmt.Errorf("asking SQLite for its version: %w", err)
	}
	_, err = fmt.Fprintf(p.out, "giftline %s\n%s %s/%s\nSQLite %s %s\n",
		buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, sqlite, cgo)
	return err
}

func sqliteVersion(driver string) (version string, err error) {
	db, err := sql.Open(driver, ":memory:")
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRow("SELECT sqlite_version()").Scan(&version)
	return version, err
}

// thisBuild tells builds of the program apart, which their version may not: by the bytes of the executable.
func thisBuild() string {
	path, err := os.Executable()
	if err != nil {
		return buildVersion()
	}
	f, err := os.Open(path)
	if err != nil {
		return buildVersion()
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return buildVersion()
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// buildVersion is the module's version, with the commit where it does not say it itself.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version, revision, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ", changed since"
		}
	}
	if version == "" {
		version = "(devel)"
	}
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s%s)", version, revision, dirty)
}
