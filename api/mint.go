package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// A key is gl_<id>_<secret><checksum>: the id can be shown, the checksum tells a mistyped key without a look-up.
const (
	keyPrefix  = "gl_"
	keyID      = 8
	keySecret  = 52 // 32 bytes in base32
	keyChecked = len(keyPrefix) + keyID + 1 + keySecret
	keyLength  = keyChecked + 6
)

var keyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Mint makes an API key, which is shown once and never stored, with the id in it and its hash.
func Mint() (key, id string, hash [32]byte) {
	var random [5 + 32]byte
	_, _ = rand.Read(random[:]) // never fails: the program stops where there is no randomness
	id = keyEncoding.EncodeToString(random[:5])
	key = keyPrefix + id + "_" + keyEncoding.EncodeToString(random[5:])
	key += checksum(key)
	return key, id, sha256.Sum256([]byte(key))
}

func checksum(s string) string {
	sum := sha256.Sum256([]byte("giftline key " + s))
	return keyEncoding.EncodeToString(sum[:])[:keyLength-keyChecked]
}

func wellFormed(key string) bool {
	return len(key) == keyLength && strings.HasPrefix(key, keyPrefix) && checksum(key[:keyChecked]) == key[keyChecked:]
}
