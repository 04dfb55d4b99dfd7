//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the user that PostgreSQL runs as when the tests are root's: it refuses to be root.
const nobody = 65534

func asNobody(cmd *exec.Cmd) {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

func giveToNobody(dir string) error {
	if os.Geteuid() == 0 {
		return os.Chown(dir, nobody, nobody)
	}
	return nil
}
