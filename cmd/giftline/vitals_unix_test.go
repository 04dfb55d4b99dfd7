//go:build linux || darwin || freebsd

package main

import (
	"path/filepath"
	"testing"

	"giftline/api"
	"giftline/domain"
	"giftline/statemachines"
)

func TestVitals(t *testing.T) {
	t.Parallel()
	a := api.New(api.Config{Machines: statemachines.All()})
	if v := vitalsOf(a, filepath.Join(t.TempDir(), "giftline.db"))(); v.DiskFree == 0 || v.DiskSize < v.DiskFree || v.PutOff != 0 {
		t.Errorf("%+v", v)
	}
	for _, db := range []string{"postgres://giftline@/giftline", "/nowhere/giftline.db"} {
		if v := vitalsOf(a, db)(); v != (domain.Vitals{}) {
			t.Errorf("%s: %+v is told of a disk that is not ours", db, v)
		}
	}
}
