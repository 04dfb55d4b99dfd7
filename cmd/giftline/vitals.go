package main

import (
	"path/filepath"

	"giftline/api"
	"giftline/domain"
	"giftline/store"
)

// vitalsOf tells what this process knows of itself: of a database file, the disk that it grows on.
func vitalsOf(a *api.API, db string) func() domain.Vitals {
	return func() domain.Vitals {
		v := domain.Vitals{PutOff: a.PutOff()}
		if !store.IsPostgres(db) {
			v.DiskFree, v.DiskSize = roomOn(filepath.Dir(db))
		}
		return v
	}
}
