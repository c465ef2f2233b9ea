package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// WebhookUsage is the same for webhooks.
const WebhookUsage = `You can write to me:
– webhook add URL [shipped,delivered] – I post signed JSON there (Standard Webhooks), and answer with its secret
– webhook list
– webhook rotate ID – another secret; the former holds for a day
– webhook enable ID, webhook remove ID
– webhook log ID – what was tried last`

func answerWebhook(ctx context.Context, p Preferences, pubkey, word string, args []string) (string, error) {
	if word == "" || word == "list" {
		return webhooksInWords(p.Webhooks(ctx, pubkey))
	}
	if word == "help" {
		return WebhookUsage, nil
	}
	if len(args) == 0 {
		return "", orders.Errorf(orders.EINVALID, "something is missing: write webhook help")
	}
	id := strings.ToLower(args[0])
	switch word {
	case "add":
		events, err := ParseChoice(strings.Join(args[1:], ","))
		if err != nil {
			return "", err
		}
		w, err := p.AddWebhook(ctx, pubkey, args[0], events)
		return fmt.Sprintf("Its id is %s. Its secret, which I show only now: %s", w.ID, w.Secret), err
	case "rotate":
		w, err := p.RotateWebhook(ctx, pubkey, id)
		return fmt.Sprintf("The new secret of %s, which I show only now: %s – the former holds for a day.", w.ID, w.Secret), err
	case "enable":
		return "It is told again.", p.EnableWebhook(ctx, pubkey, id)
	case "remove":
		return "It is removed.", p.RemoveWebhook(ctx, pubkey, id)
	case "log":
		return logInWords(ctx, p, pubkey, id)
	}
	return "", orders.Errorf(orders.EINVALID, "that is nothing I know: write webhook help")
}

func webhooksInWords(hooks []Webhook, err error) (string, error) {
	if err != nil || len(hooks) == 0 {
		return "You have no webhooks. To learn how, write: webhook help", err
	}
	lines := []string{"Your webhooks:"}
	for _, w := range hooks {
		line := fmt.Sprintf("– %s: %s, of %s", w.ID, w.URL, Choice(w.Events).words())
		if w.Disabled != "" {
			line += " – disabled: " + w.Disabled
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}

func logInWords(ctx context.Context, p Preferences, pubkey, id string) (string, error) {
	tries, err := p.Deliveries(ctx, pubkey, id, 0, listedAtMost)
	if err != nil || len(tries) == 0 {
		return "Nothing was posted there yet.", err
	}
	lines := []string{"The last posts:"}
	for _, d := range tries {
		outcome := d.Error
		if outcome == "" {
			outcome = fmt.Sprint("http-", d.Status)
		}
		lines = append(lines, fmt.Sprintf("– %s, notice %d: %s, %d ms", time.UnixMilli(d.At).UTC().Format("2006-01-02 15:04:05 UTC"), d.Notice, outcome, d.Took))
	}
	return strings.Join(lines, "\n"), nil
}
