//go:build unix

package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Cluster is a PostgreSQL server of a test's own, on a socket in a temporary directory.
type Cluster struct {
	Dir string // of the socket: what an address has for a host

	data     string
	settings []string
	server   *exec.Cmd
}

// StartCluster runs a server, with settings in the form name=value, for the length of a test. Where PostgreSQL is not
// installed the test is skipped, except on CI.
func StartCluster(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c, err := NewCluster(settings...)
	Require(t, err)
	t.Cleanup(c.Remove)
	return c
}

// NewCluster is StartCluster for a server that outlives a test.
func NewCluster(settings ...string) (*Cluster, error) {
	c, err := newCluster(settings)
	if err != nil {
		return nil, err
	}
	if err = run("initdb", "-D", c.data, "-U", "giftline", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err == nil {
		err = c.Boot()
	}
	if err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

func newCluster(settings []string) (*Cluster, error) {
	if _, err := program("initdb"); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(roomInMemory(), "giftline-pg-")
	if err == nil && asNobody {
		err = os.Chown(dir, nobody, nobody)
	}
	return &Cluster{Dir: dir, data: filepath.Join(dir, "data"), settings: settings}, err
}

// roomInMemory gives a directory that is not on a disk, if there is one with room for some clusters. A server that is
// killed leaves the same behind as on a disk: only a power cut would not.
func roomInMemory() string {
	const shared, wanted = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(shared, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < wanted {
		return ""
	}
	return shared
}

// Standby copies the running server to a second one, which follows it. The first waits with its commits for the second
// where its synchronous_standby_names say so.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	s, err := newCluster(nil)
	if err == nil {
		t.Cleanup(s.Remove)
		err = run("pg_basebackup", "-h", c.Dir, "-U", "giftline", "-D", s.data, "-R", "-c", "fast", "--no-sync")
	}
	if err == nil {
		err = s.Boot()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// DSN is the address of the server, or of it and others, tried in this order.
func (c *Cluster) DSN(others ...*Cluster) string {
	hosts := c.Dir
	for _, o := range others {
		hosts += "," + o.Dir
	}
	return "postgres://giftline@/postgres?host=" + url.QueryEscape(hosts)
}

// Boot starts the server and waits until it takes connections.
func (c *Cluster) Boot() error {
	args := []string{"-D", c.data, "-k", c.Dir, "-c", "listen_addresses="}
	for _, s := range c.settings {
		args = append(args, "-c", s)
	}
	c.server = command("postgres", args...)
	if err := c.server.Start(); err != nil {
		return err
	}
	return c.wait()
}

// wait is patient: after a crash the server syncs all of its files before it takes connections.
func (c *Cluster) wait() (err error) {
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(20 * time.Millisecond) {
		if err = c.Exec("SELECT 1"); err == nil {
			return nil
		}
	}
	return err
}

// Kill stops the server as a power cut would, as far as its own processes go.
func (c *Cluster) Kill() error { return c.end(syscall.SIGQUIT) }

// Crash kills the server and starts it again.
func (c *Cluster) Crash() error {
	if err := c.Kill(); err != nil {
		return err
	}
	return c.Boot()
}

// Promote makes a standby the primary.
func (c *Cluster) Promote() error { return c.Exec("SELECT pg_promote()") }

// Exec runs statements, each in a transaction of its own, on one connection.
func (c *Cluster) Exec(statements ...string) error {
	db, err := sql.Open("pgx", c.DSN())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// Remove ends the server and deletes its data.
func (c *Cluster) Remove() {
	_ = c.end(syscall.SIGQUIT)
	_ = os.RemoveAll(c.Dir)
}

func (c *Cluster) end(signal os.Signal) error {
	if c.server == nil || c.server.Process == nil || c.server.ProcessState != nil {
		return nil
	}
	if err := c.server.Process.Signal(signal); err != nil {
		return err
	}
	_ = c.server.Wait() // a killed server does not end with 0
	return nil
}

// program finds one of the newest installed server, where Debian keeps them or on the path.
func program(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return found[len(found)-1], nil
	}
	return exec.LookPath(name)
}

func run(name string, args ...string) error {
	out, err := command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// PostgreSQL refuses to run as root.
const nobody = 65534

var asNobody = os.Geteuid() == 0

func command(name string, args ...string) *exec.Cmd {
	path, err := program(name)
	if err != nil {
		path = name // to fail when it is started
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	if asNobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}
