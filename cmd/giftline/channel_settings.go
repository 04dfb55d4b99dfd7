package main

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"giftline/api/notify"
	"giftline/domain"
)

// fileChannel is a place where people are told.
type fileChannel struct {
	Name         string      `yaml:"name"`
	Kind         notify.Kind `yaml:"kind"`
	URL          string      `yaml:"url"`
	URLFile      string      `yaml:"url_file"`
	Secrets      []string    `yaml:"secrets"`
	SecretFile   string      `yaml:"secret_file"`
	Server       string      `yaml:"server"`
	TLS          string      `yaml:"tls"`
	User         string      `yaml:"user"`
	Password     string      `yaml:"password"`
	PasswordFile string      `yaml:"password_file"`
	From         string      `yaml:"from"`
	To           []string    `yaml:"to"`
	Ends         *bool       `yaml:"ends"` // true unless given
}

// channels gives the configured channels. All that is wrong with them is said at once.
func (p *program) channels() ([]notify.Channel, error) {
	f := &flaws{file: &p.file}
	var all []notify.Channel
	seen := map[string]bool{}
	for i, file := range p.file.Alerting.Channels {
		place := fmt.Sprintf("channels[%d]", i)
		variables := channelVariable(file.Name, "")
		switch {
		case !sourceName.MatchString(file.Name):
			f.add(place+".name", "a name is made of small letters, digits, - and _, and starts with a letter or digit: routes call the channel by it")
		case seen[variables]:
			f.add(place+".name", "two channels are named %q, or so that their variables are: give each its own name", file.Name)
		}
		seen[variables] = true
		c, err := p.channel(file)
		f.check(place, err)
		all = append(all, c)
	}
	return all, f.err()
}

// channel reads what is secret about a channel, and checks it by opening it.
func (p *program) channel(file fileChannel) (notify.Channel, error) {
	c := notify.Channel{
		Name: file.Name, Kind: file.Kind, Server: file.Server, TLS: file.TLS, User: file.User, From: file.From, To: file.To,
		Ends: file.Ends == nil || *file.Ends,
	}
	var err error
	if c.URL, err = p.secretAt(channelVariable(file.Name, "URL"), "url", file.URL, "url_file", file.URLFile); err != nil {
		return c, err
	}
	if c.Password, err = p.secretAt(channelVariable(file.Name, "PASSWORD"), "password", file.Password, "password_file", file.PasswordFile); err != nil {
		return c, err
	}
	list, err := p.secretAt(channelVariable(file.Name, "SECRET"), "secrets", strings.Join(file.Secrets, ","), "secret_file", file.SecretFile)
	if err != nil {
		return c, err
	}
	for secret := range strings.SplitSeq(oneList(list), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			c.Secrets = append(c.Secrets, secret)
		}
	}
	_, err = notify.Open(c, notify.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	return c, err
}

// secretAt gives the value of a variable, or of the file that one names, else that of the settings file.
func (p *program) secretAt(variable, key, value, fileKey, file string) (string, error) {
	text, err := p.secretText(variable)
	if text == "" && err == nil {
		text, err = secretOf(key, value, fileKey, p.file.path(file))
	}
	return text, err
}

// channelVariable names the environment variable that holds one of a channel's secrets.
func channelVariable(channel, what string) string {
	return "GIFTLINE_CHANNEL_" + strings.ToUpper(strings.ReplaceAll(channel, "-", "_")) + "_" + what
}

// channelVariables are all that a channel may have.
func channelVariables(channel string) (all []string) {
	for _, what := range []string{"URL", "SECRET", "PASSWORD"} {
		all = append(all, channelVariable(channel, what), channelVariable(channel, what)+"_FILE")
	}
	return all
}

// notifiers opens the channels.
func notifiers(channels []notify.Channel, o notify.Options) (map[string]domain.Notifier, error) {
	all := map[string]domain.Notifier{}
	for _, c := range channels {
		n, err := notify.Open(c, o)
		if err != nil {
			return nil, err // it names the channel
		}
		all[c.Name] = n
	}
	return all, nil
}
