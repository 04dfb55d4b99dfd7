//go:build linux || darwin || freebsd

package main

import "syscall"

// roomOn gives how much of a folder's file system may be used by who is not root, and its size; zeros where that cannot
// be told.
func roomOn(dir string) (free, size uint64) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0
	}
	block := uint64(fs.Bsize)                                           // of a type of its own on every system
	return uint64(max(fs.Bavail, 0)) * block, uint64(fs.Blocks) * block // FreeBSD counts below zero what root has taken
}
