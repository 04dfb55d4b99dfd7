package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"giftline/domain"
)

// Column types. Keys of another length than ours are damage, and noticed when they are read.
type (
	digest      domain.Digest
	fingerprint domain.Fingerprint
	meaning     domain.Meaning
	keyHash     [32]byte
)

const fingerprintSize = len(fingerprint{})

// Value binds the digest as a blob.
func (d digest) Value() (driver.Value, error) { return d[:], nil }

// Scan reads a blob of exactly its length.
func (d *digest) Scan(v any) error { return scanKey(d[:], v) }

// Value binds the fingerprint as a blob.
func (f fingerprint) Value() (driver.Value, error) { return f[:], nil }

// Scan reads a blob of exactly its length.
func (f *fingerprint) Scan(v any) error { return scanKey(f[:], v) }

// Value binds the meaning as a blob.
func (m meaning) Value() (driver.Value, error) { return m[:], nil }

// Scan reads a blob of exactly its length.
func (m *meaning) Scan(v any) error { return scanKey(m[:], v) }

// Value binds the hash as a blob.
func (h keyHash) Value() (driver.Value, error) { return h[:], nil }

// Scan reads a blob of exactly its length.
func (h *keyHash) Scan(v any) error { return scanKey(h[:], v) }

func scanKey(into []byte, v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(into) {
		return domain.Errorf(domain.CodeDamaged, "a stored key is not %d bytes long: check the disk, and restore the last backup", len(into))
	}
	copy(into, b)
	return nil
}

// blob is bytes that may be empty but never NULL, which is what the drivers make of nil.
type blob []byte

// Value binds nil as an empty blob.
func (b blob) Value() (driver.Value, error) {
	if b == nil {
		return []byte{}, nil
	}
	return []byte(b), nil
}

// jsonList is a list kept as a JSON array in a text column; nil is kept as an empty one.
type jsonList[E any] []E

// Value writes the array as text: in a STRICT table bytes would be refused.
func (l jsonList[E]) Value() (driver.Value, error) {
	if l == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]E(l))
	return string(b), err
}

// Scan reads the array; it is never nil.
func (l *jsonList[E]) Scan(v any) error {
	var b []byte
	switch v := v.(type) {
	case string:
		b = []byte(v)
	case []byte:
		b = v
	}
	list := []E{}
	if err := json.Unmarshal(b, &list); err != nil {
		return &domain.Error{Code: domain.CodeDamaged, Message: "a stored list is not JSON: check the disk, and restore the last backup", Err: fmt.Errorf("scan %T: %w", v, err)}
	}
	*l = list
	return nil
}
