package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"giftline/domain"
)

// cli is the command line.
type cli struct {
	Config string `help:"YAML file with settings and further sources." env:"GIFTLINE_CONFIG" placeholder:"FILE"`

	Serve    serveCmd    `cmd:"" help:"Receive webhooks and answer questions. The first run creates the database and an admin key."`
	Trigger  triggerCmd  `cmd:"" help:"Send a sample event, really signed, to a running server."`
	Timeline timelineCmd `cmd:"" help:"Show the timeline of a gift, send, e-mail, contact or domain."`
	List     listCmd     `cmd:"" help:"List gifts, sends, e-mails and so on, the last updated first."`
	Tail     tailCmd     `cmd:"" help:"Print what is recorded, and which verdicts change, as it happens."`
	Alerts   alertsCmd   `cmd:"" help:"Show what is stuck, failed or expires, and acknowledge, snooze or resolve it."`
	Channels channelsCmd `cmd:"" help:"Show who is told of alerts, and send a test message."`
	Sources  sourcesCmd  `cmd:"" help:"Show the webhook endpoints and what arrived by them."`
	Machines machinesCmd `cmd:"" help:"Show the state machines."`
	Keys     keysCmd     `cmd:"" help:"Make, list and revoke API keys."`
	Verify   verifyCmd   `cmd:"" help:"Fold everything again and compare it with what is stored, beside a server or without one."`
	Rebuild  rebuildCmd  `cmd:"" help:"Write anew what verify finds wrong and the events tell right."`
	Version  versionCmd  `cmd:"" help:"Print the versions of giftline, Go and SQLite."`

	MigrateStore migrateStoreCmd `cmd:"" help:"Move an SQLite database to PostgreSQL, and compare every row."`
}

// The exit codes.
const (
	exitOK       = 0
	exitError    = 1
	exitUsage    = 2
	exitNotFound = 3
	exitDamage   = 4
)

// program is what every subcommand is handed.
type program struct {
	ctx       context.Context
	out, errs io.Writer
	getenv    func(string) string
	file      settingsFile // zero without --config
}

// run is the whole program: it gives the exit code.
func run(args []string, out, errs io.Writer) int {
	// The first signal asks for an orderly end; stop gives the second one back to the system, which ends us at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	p := &program{ctx: ctx, out: out, errs: errs, getenv: os.Getenv}
	parser, err := newParser(&cli{}, p)
	if err != nil {
		return p.report(err)
	}
	k, err := parser.Parse(helped(args))
	if err == nil {
		err = k.Run()
	}
	return p.report(err)
}

// helped lets giftline help [command] be what giftline [command] --help is.
func helped(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

func newParser(c *cli, p *program) (*kong.Kong, error) {
	return kong.New(c, kong.Name("giftline"), kong.Bind(p), kong.Writers(p.out, p.errs),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Tracks gifts, sends and e-mails by their providers' webhooks.\n\n"+
			"A flag beats the environment, which beats the file, which beats the default. "+
			"Secrets come from the environment or from files only: see the README."))
}

// report prints the error, if any, and gives the exit code that fits.
func (p *program) report(err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(p.errs, "giftline:", printable(err.Error()))
	code := exitCode(err)
	if code == exitUsage {
		fmt.Fprintln(p.errs, "Run giftline --help, or giftline <command> --help, for the usage.")
	}
	return code
}

func exitCode(err error) int {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.ExitCode() != exitError {
		return exitUsage
	}
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	switch domain.CodeOf(err) {
	case domain.CodeNotFound, domain.CodeNotFoundAt:
		return exitNotFound
	case domain.CodeInvalid, domain.CodeAmbiguous:
		return exitUsage
	case domain.CodeDamaged:
		return exitDamage
	}
	return exitError
}

// usageError is a command line that kong accepts and we cannot.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }
