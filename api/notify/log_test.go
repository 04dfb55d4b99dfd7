package notify

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"giftline/domain"
)

// The level is the severity, so that those who gather logs can sort by it.
func TestLog_Levels(t *testing.T) {
	t.Parallel()
	for severity, level := range map[domain.Severity]string{domain.Info: "INFO", domain.Warning: "WARN", domain.Critical: "ERROR"} {
		var out bytes.Buffer
		o := options()
		o.Log = slog.New(slog.NewTextHandler(&out, nil))
		n, err := Open(Channel{Name: "ops", Kind: Log}, o)
		if err != nil {
			t.Fatal(err)
		}
		a := stuck(1)
		a.Severity = severity
		if err := n.Notify(context.Background(), telling(domain.KindAlerts, item(domain.StepOpened, a))); err != nil {
			t.Fatal(err)
		}
		if line := out.String(); !strings.Contains(line, "level="+level+" ") || strings.Count(line, "\n") != 1 || !strings.Contains(line, "notification=ntf_1") {
			t.Errorf("%s is logged as %s", severity, line)
		}
	}
}
