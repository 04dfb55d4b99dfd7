package notify

import (
	"context"
	"log/slog"

	"giftline/domain"
)

// logger writes one line for each notification, for those who gather logs.
type logger struct {
	writer
	log *slog.Logger
}

func openLog(c Channel, o Options, p *problems) domain.Notifier {
	p.only(c)
	return &logger{newWriter(o), o.Log}
}

var levels = map[domain.Severity]slog.Level{domain.Info: slog.LevelInfo, domain.Warning: slog.LevelWarn, domain.Critical: slog.LevelError}

// Notify writes the line. It cannot fail.
func (l *logger) Notify(ctx context.Context, n domain.Notification) error {
	m := l.message(n)
	live, ended := countsOf(n)
	attrs := []any{"notification", n.ID, "channel", n.Channel, "kind", string(n.Kind), "alerts", live, "ended", ended}
	if rule := ruleOf(n); rule != "" {
		attrs = append(attrs, "rule", string(rule))
	}
	if m.Link != "" {
		attrs = append(attrs, "url", m.Link)
	}
	l.log.Log(ctx, levels[m.Severity], m.Title, attrs...)
	return nil
}
