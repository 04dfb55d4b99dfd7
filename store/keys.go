package store

import (
	"context"

	"gorm.io/gorm"

	"giftline/domain"
)

// SaveKey stores the hash of an API key; saving one again changes nothing.
func (s *Store) SaveKey(ctx context.Context, name string, hash [32]byte) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO keys (hash, name, created_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
			blob(hash[:]), name, domain.InstantOf(s.now())).Error
	})
}

// KeyExists looks the hash of an API key up.
func (s *Store) KeyExists(ctx context.Context, hash [32]byte) (bool, error) {
	return s.anyKey(ctx, "hash = ?", blob(hash[:]))
}

// AnyKey reports whether a key was ever saved.
func (s *Store) AnyKey(ctx context.Context) (bool, error) {
	return s.anyKey(ctx, "1 = 1")
}

func (s *Store) anyKey(ctx context.Context, condition string, args ...any) (bool, error) {
	var rows []keyRow
	err := s.read(ctx, func(tx *gorm.DB) error {
		return tx.Where(condition, args...).Limit(1).Find(&rows).Error
	})
	return len(rows) > 0, err
}
