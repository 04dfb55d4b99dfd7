//go:build !unix

package storetest

import "os/exec"

// Cluster is a PostgreSQL server of a test's own, which is started on Unix only.
type Cluster struct{}

// NewCluster finds no server to start.
func NewCluster(...string) (*Cluster, error) { return nil, exec.ErrNotFound }

// DSN is never asked for.
func (c *Cluster) DSN() string { return "" }

// Remove has nothing to remove.
func (c *Cluster) Remove() {}
