package store

import (
	"context"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"giftline/domain"
)

// AddKey stores a new key; adding the same hash again changes nothing.
func (s *Store) AddKey(ctx context.Context, k domain.Key) error {
	row := keyRowOf(k)
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "hash"}}, DoNothing: true}).Create(&row).Error
	})
}

// KeyOf gives the key with a hash, revoked and expired ones too. Errors: CodeNotFound.
func (s *Store) KeyOf(ctx context.Context, hash [32]byte) (domain.Key, error) {
	return s.oneKey(ctx, "hash = ?", keyHash(hash))
}

func (s *Store) oneKey(ctx context.Context, condition string, value any) (domain.Key, error) {
	var rows []keyRow
	err := s.read(ctx, func(tx *gorm.DB) error {
		return tx.Where(condition, value).Limit(1).Find(&rows).Error
	})
	switch {
	case err != nil:
		return domain.Key{}, err
	case len(rows) == 0:
		return domain.Key{}, errNoKey
	}
	return rows[0].toKey(), nil
}

var errNoKey = domain.Errorf(domain.CodeNotFound, "no key has this id: see /keys")

// ListKeys lists the keys that the context reaches, the newest first: where it is limited, those that reach no further.
func (s *Store) ListKeys(ctx context.Context) ([]domain.Key, error) {
	var rows []keyRow
	err := s.read(ctx, func(tx *gorm.DB) error {
		return tx.Order("created_at DESC, id").Find(&rows).Error
	})
	keys := make([]domain.Key, 0, len(rows))
	for i := range rows {
		if k := rows[i].toKey(); domain.InReach(ctx, k.Sources...) {
			keys = append(keys, k)
		}
	}
	return keys, err
}

// RevokeKey ends a key that the context reaches; revoking it again changes nothing. Errors: CodeNotFound.
func (s *Store) RevokeKey(ctx context.Context, id string, at domain.Instant) (domain.Key, error) {
	k, err := s.oneKey(ctx, "id = ?", id)
	switch {
	case err != nil:
		return domain.Key{}, err
	case !domain.InReach(ctx, k.Sources...):
		return domain.Key{}, errNoKey
	case k.RevokedAt != nil:
		return k, nil
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", at, id).Error
	})
	if err != nil {
		return domain.Key{}, err
	}
	return s.oneKey(ctx, "id = ?", id)
}

// UsedKeys notes when keys were last used; an earlier time than the stored one changes nothing.
func (s *Store) UsedKeys(ctx context.Context, used map[string]domain.Instant) error {
	if len(used) == 0 {
		return nil
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		for _, id := range slices.Sorted(maps.Keys(used)) { // one order of locks on every replica
			err := tx.Exec("UPDATE keys SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) < ?", used[id], id, used[id]).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// AnyKey reports whether a key was ever stored.
func (s *Store) AnyKey(ctx context.Context) (bool, error) {
	_, err := s.oneKey(ctx, "1 = ?", 1)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

func keyRowOf(k domain.Key) keyRow {
	row := keyRow{
		Hash: k.Hash, ID: k.ID, Name: k.Name, Scopes: k.Scopes, Personal: k.Personal,
		Made: k.CreatedAt, ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt, LastUsedAt: k.LastUsedAt,
	}
	if k.Sources != nil {
		sources := jsonList[string](k.Sources)
		row.Sources = &sources
	}
	return row
}

func (r *keyRow) toKey() domain.Key {
	k := domain.Key{
		Hash: r.Hash, ID: r.ID, Name: r.Name, Scopes: r.Scopes, Personal: r.Personal,
		CreatedAt: r.Made, ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt, LastUsedAt: r.LastUsedAt,
	}
	if r.Sources != nil {
		k.Sources = *r.Sources
	}
	return k
}
