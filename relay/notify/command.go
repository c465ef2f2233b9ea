package notify

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// Usage is what can be said, a line each. No line begins with a verb: an answer that
// quotes it is no command, also not to another relay.
var Usage = `You can write to me:
– notices – how you are told now
– notices on, or notices off
– notices mute, notices mute 8h (or 3d), notices unmute
– notices only shipped,delivered – or any of ` + strings.Join(shortNames(), ", ") + `
– notices all
– notices email ADDRESS – I send a code there; then: notices confirm CODE
– notices email off
– notices list – the last ones, and what became of them
– notices retry NUMBER`

// Answer does what a participant (public key, hex) asks for in words, and returns
// what is to be said about it; the errors are those of Preferences. What it says
// never begins with a verb.
func Answer(ctx context.Context, p Preferences, pubkey string, c enrol.Command) (string, error) {
	word, args := "", c.Args
	if len(args) > 0 {
		word, args = strings.ToLower(args[0]), args[1:]
	}
	if c.Verb == enrol.VerbWebhook {
		return answerWebhook(ctx, p, pubkey, word, args)
	}
	return answerNotices(ctx, p, pubkey, word, args)
}

func answerNotices(ctx context.Context, p Preferences, pubkey, word string, args []string) (string, error) {
	switch word {
	case "help":
		return Usage, nil
	case "email":
		return answerEmail(ctx, p, pubkey, args)
	case "confirm":
		if len(args) != 1 {
			return "", orders.Errorf(orders.EINVALID, "the code is missing that was sent to your address")
		}
		address, err := p.ConfirmEmail(ctx, pubkey, args[0])
		return "From now on I write to " + address + ", too.", err
	case "list":
		return listed(ctx, p, pubkey)
	case "retry":
		id, err := strconv.ParseInt(strings.Join(args, ""), 10, 64)
		if err != nil {
			return "", orders.Errorf(orders.EINVALID, "the number of a notice is needed: see notices list")
		}
		return "It is tried again now.", p.Again(ctx, pubkey, id)
	}
	s, err := p.Get(ctx, pubkey)
	if err != nil || word == "" {
		return inWords(s, time.Now()), err
	}
	if err := s.apply(word, args, time.Now()); err != nil {
		return "", err
	}
	if err := p.Set(ctx, pubkey, s); err != nil {
		return "", err
	}
	return inWords(s, time.Now()), nil
}

// apply changes the settings by a word and what follows it.
func (s *Settings) apply(word string, args []string, now time.Time) (err error) {
	rest := strings.Join(args, ",")
	if rest != "" && word != "mute" && word != "only" && word != "dm" {
		return orders.Errorf(orders.EINVALID, "nothing is expected behind notices %s", word)
	}
	switch word {
	case "dm":
		if rest != "on" && rest != "off" {
			return orders.Errorf(orders.EINVALID, "notices dm is on or off")
		}
		s.DM = Switch(rest)
	case "on", "off":
		s.DM = Switch(word)
		if word == "on" {
			s.MutedUntil = time.Time{}
		}
	case "mute":
		span := forGood
		if rest != "" {
			if span, err = parseSpan(rest); err != nil {
				return err
			}
		}
		s.MutedUntil = now.Add(span).UTC()
	case "unmute":
		s.MutedUntil = time.Time{}
	case "all":
		s.Events = nil
	case "only":
		if rest == "" {
			return orders.Errorf(orders.EINVALID, "notices only needs a list, as: notices only shipped,delivered")
		}
		s.Events, err = ParseChoice(rest)
	default:
		return orders.Errorf(orders.EINVALID, "that is nothing I know: write notices help")
	}
	return err
}

// parseSpan reads 30m, 8h or 3d.
func parseSpan(text string) (time.Duration, error) {
	unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[len(text)-1]]
	count, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || unit == 0 || count <= 0 || count > 10_000 {
		return 0, orders.Errorf(orders.EINVALID, "a time is a number with m, h or d behind it, as 8h")
	}
	return time.Duration(count) * unit, nil
}

func answerEmail(ctx context.Context, p Preferences, pubkey string, args []string) (string, error) {
	switch {
	case len(args) != 1:
		return "", orders.Errorf(orders.EINVALID, "one address is needed, or off")
	case strings.EqualFold(args[0], "off"):
		return "There will be no more e-mail, and your address is forgotten.", p.SetEmail(ctx, pubkey, "")
	}
	return "A code is on its way to that address. Answer with: notices confirm CODE", p.SetEmail(ctx, pubkey, args[0])
}

// inWords is what somebody is told, and how.
func inWords(s Settings, now time.Time) string {
	var lines []string
	switch {
	case s.MutedUntil.Sub(now) > forGood/2:
		lines = append(lines, "You are muted: I tell you nothing.")
	case s.MutedUntil.After(now):
		lines = append(lines, "You are muted until "+s.MutedUntil.Format("2006-01-02 15:04 UTC")+".")
	}
	dm := map[Switch]string{On: "on", Off: "off"}[s.DM]
	if dm == "" {
		dm = "on, as long as you take part here"
	}
	lines = append(lines, "Direct messages: "+dm+".")
	switch {
	case s.Email != "":
		lines = append(lines, "E-mail: "+s.Email+".")
	case s.Pending != "":
		lines = append(lines, "E-mail: "+s.Pending+" waits for its code.")
	default:
		lines = append(lines, "E-mail: off.")
	}
	lines = append(lines, "Of: "+s.Events.words()+".", "To change it, write: notices help")
	return strings.Join(lines, "\n")
}

const listedAtMost = 10

func listed(ctx context.Context, p Preferences, pubkey string) (string, error) {
	notices, err := p.Notices(ctx, pubkey, 0, listedAtMost)
	if err != nil || len(notices) == 0 {
		return "There were no notices for you.", err
	}
	lines := []string{"Your last notices:"}
	for _, n := range notices {
		news, err := readNews(n.Content)
		if err != nil {
			continue
		}
		line := fmt.Sprintf("– %d, %s: %s, by %s: %s", n.ID, n.IntentID, strings.TrimPrefix(string(news.Event), "order."), Channel(n.Lane), n.State)
		if n.LastError != "" {
			line += " (" + n.LastError + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}
