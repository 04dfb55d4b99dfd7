//go:build unix

package store

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"giftline/domain"
)

// nobody owns nothing, so the modes of files bind it.
const nobody = 65534

// unprivileged reports whether the test may go on here. Root may write everything, so for root it runs the test once
// more in a process of nobody's, and reports false.
func unprivileged(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	dir, err := os.MkdirTemp("", "giftline-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "store.test")
	if err := errors.Join(os.Chmod(dir, 0o755), copyFile(binary, os.Args[0])); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = "/", []string{"TMPDIR=" + os.TempDir()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return false
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func TestOpen_readOnlyFile(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	s := openTest(t)
	if err := errors.Join(s.Close(), os.Chmod(s.path, 0o400)); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), s.path, testOptions())
	wantCode(t, err, domain.CodeNoStore)
	if !strings.Contains(err.Error(), "cannot be written") {
		t.Error(err)
	}
	r, err := OpenReader(t.Context(), s.path, fakeMachines{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpen_readOnlyDirectory(t *testing.T) {
	if !unprivileged(t) {
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filepath.Join(dir, "giftline.db"), testOptions())
	wantCode(t, err, domain.CodeNoStore)
	if !strings.Contains(err.Error(), "cannot be written") {
		t.Error(err)
	}
}
