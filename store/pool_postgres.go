package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"giftline/domain"
)

const (
	postgresReaders = 8
	maxLanes        = 4
	farAway         = 500 * time.Microsecond // a round trip to another machine; on the same one it is a fifth of that
)

// connectLimit is how long a new connection may take, over all hosts of the address: less than a write may.
const connectLimit = writeDeadline / 2

// sessionDefaults are the settings of a connection, where the address does not have its own.
var sessionDefaults = map[string]string{
	"application_name": "giftline",
	"plan_cache_mode":  "force_custom_plan", // a plan made on empty tables would scan them later
	"lock_timeout":     "2s",
	// The server hears nothing of a replica whose machine or network vanished, and would keep the rows that it holds
	// for the two hours after which TCP gives up.
	"idle_in_transaction_session_timeout": "15s",
}

// postgresConfig reads an address, which may name several hosts.
func postgresConfig(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, domain.Errorf(domain.CodeNoStore, "the address of the PostgreSQL database cannot be read: it has the form postgres://user:password@host:5432/name")
	}
	for name, value := range sessionDefaults {
		if _, ok := config.RuntimeParams[name]; !ok {
			config.RuntimeParams[name] = value
		}
	}
	if config.ConnectTimeout == 0 { // it counts per host: the last one must get its turn
		config.ConnectTimeout = connectLimit / time.Duration(len(hostsOf(config)))
	}
	return config, nil
}

// leaveDemoted drops a connection whose server takes no writes any more, which writers are told by errors and readers
// are not. Failovers of managed services and of proxies can leave such connections open.
func leaveDemoted(_ context.Context, c *pgx.Conn) error {
	if c.PgConn().ParameterStatus("default_transaction_read_only") == "on" {
		return driver.ErrBadConn
	}
	return nil
}

// toPrimary keeps connections off standbys, whatever the address says: nothing may be decided from what one of them
// knows.
func toPrimary(config *pgx.ConnConfig) *pgx.ConnConfig {
	c := config.Copy()
	c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	return c
}

// forWriting has the statements of the write path planned once instead of every time, which would copy the arrays they
// take again and again. A plan that was made while a table was empty must not scan it later: these never scan.
func forWriting(config *pgx.ConnConfig) *pgx.ConnConfig {
	c := toPrimary(config)
	c.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	c.RuntimeParams["enable_seqscan"] = "off"
	c.RuntimeParams["jit"] = "off" // a scan that cannot be helped counts as endless, and would be compiled every time
	return c
}

func poolOf(config *pgx.ConnConfig, connections int, log *slog.Logger) (*gorm.DB, error) {
	db := stdlib.OpenDB(*config, stdlib.OptionResetSession(leaveDemoted))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return gorm.Open(postgres.New(postgres.Config{Conn: db}), &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
		Logger:                 logger.NewSlogLogger(log, logger.Config{LogLevel: logger.Silent, ParameterizedQueries: true}),
	})
}

// distance is the time of the shortest of a few round trips to the server.
func (s *Store) distance(ctx context.Context) time.Duration {
	nearest := time.Hour
	for range 5 {
		began := time.Now()
		if err := s.writer.WithContext(ctx).Exec("SELECT 1").Error; err == nil {
			nearest = min(nearest, time.Since(began))
		}
	}
	return nearest
}

// lanesFor gives one lane beside the server, where more would only make the batches smaller that share the work of a
// commit, and several where a batch spends its time on the way.
func lanesFor(distance time.Duration) int {
	if distance < farAway {
		return 1
	}
	return maxLanes
}

// distrust drops the idle connections of both pools after one of them failed. They lead to the same server; if that has
// gone without a word each would have to be waited for in turn, and if it was demoted readers would not notice.
func (s *Store) distrust(err error) {
	if s.dialect != postgresDialect || err == nil || !lost(err) && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	for _, pool := range []*gorm.DB{s.writer, s.reader} {
		if pool == nil {
			continue
		}
		if db, err := pool.DB(); err == nil {
			db.SetMaxIdleConns(0)
			db.SetMaxIdleConns(db.Stats().MaxOpenConnections)
		}
	}
}

// hostsOf lists the hosts of an address, each with its port, in the order in which they are tried.
func hostsOf(config *pgx.ConnConfig) []string {
	hosts := []string{hostPort(config.Host, config.Port)}
	for _, f := range config.Fallbacks {
		if next := hostPort(f.Host, f.Port); next != hosts[len(hosts)-1] { // each comes twice where TLS is optional
			hosts = append(hosts, next)
		}
	}
	return hosts
}

func hostPort(host string, port uint16) string {
	if port == 5432 {
		return host
	}
	return host + ":" + strconv.Itoa(int(port))
}

// Name is how a database is shown: a file's path, or the user, hosts and name of an address. What the driver reads as
// these is built anew, because a password with unescaped signs looks like a host or a path to other readers.
func Name(db string) string {
	if !IsPostgres(db) {
		return db
	}
	config, err := pgx.ParseConfig(db)
	if err != nil {
		return "PostgreSQL"
	}
	hosts := strings.Join(hostsOf(config), ",")
	if strings.Contains(hosts+config.Database, "@") { // the rest of a password
		return "PostgreSQL"
	}
	user := "postgres://" + url.User(config.User).String() + "@"
	if strings.HasPrefix(hosts, "/") {
		return user + "/" + config.Database + "?host=" + hosts
	}
	return user + hosts + "/" + config.Database
}
