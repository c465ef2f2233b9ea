package main

import (
	"context"
	"time"
)

// mailPatience is how long the mail server may take to let the relay in.
const mailPatience = 10 * time.Second

// checkNotices looks at what notices need: files with secrets, and the mail server,
// which is asked whether it would take mail, and sent none.
func (d *doctor) checkNotices(ctx context.Context) {
	const area = "notices"
	d.checkMode(area, d.cfg.Notices.Email.PasswordFile, "it is a password")
	for _, w := range d.cfg.Webhooks {
		d.checkMode(area, w.SecretFile, "who has it can post in this relay's name")
	}
	if _, err := d.cfg.webhooks(); err != nil {
		d.problem(area, "correct [[webhooks]], or the relay does not start", "%v", err)
	}
	server, err := d.cfg.Notices.Email.mail()
	switch {
	case err != nil:
		d.problem(area, "correct it, or the relay does not start", "%v", err)
		return
	case server == nil:
		return // no mail goes out
	}
	if err := server.Check(ctx, mailPatience); err != nil {
		d.warn(area, "see that notices.email.host, port, tls, user and password are right, and that the firewall lets it through; notices wait meanwhile",
			"the mail server does not let this relay in (%v)", err)
		return
	}
	d.ok(area, "the mail server lets this relay in")
}
