//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// A shape is the filters of one REQ, as JSON.
type shape struct {
	name    string
	filters []string
}

// malformed ones are answered by a NOTICE.
func (sh shape) malformed() bool {
	return strings.HasPrefix(sh.filters[0], "[") || sh.name == "kinds as words"
}

// shapes are all the ways to ask for a gift wrap of which one knows everything.
func shapes(t *testing.T, wrap nostr.Event) (all []shape) {
	id, author, to := jsonOf(t, wrap.ID), jsonOf(t, wrap.PubKey), jsonOf(t, wrap.Tags[0][1])
	at := int64(wrap.CreatedAt)
	add := func(name string, filters ...string) { all = append(all, shape{name, filters}) }
	add("nothing", `{}`)
	add("ids", `{"ids":[`+id+`]}`)
	add("ids, kinds", `{"ids":[`+id+`],"kinds":[1059]}`)
	add("a beginning of the id", `{"ids":["`+wrap.ID[:16]+`"]}`)
	add("ID in upper case", `{"ids":["`+strings.ToUpper(wrap.ID)+`"]}`)
	add("authors", `{"authors":[`+author+`]}`)
	add("authors, kinds", `{"authors":[`+author+`],"kinds":[1059]}`)
	add("a beginning of the author", `{"authors":["`+wrap.PubKey[:16]+`"]}`)
	add("recipient as author", `{"authors":[`+to+`],"kinds":[1059,5]}`)
	add("#p", `{"#p":[`+to+`]}`)
	add("#p, kinds", `{"#p":[`+to+`],"kinds":[1059]}`)
	add("#p, everything known", `{"#p":[`+to+`],"kinds":[1059],"ids":[`+id+`],"authors":[`+author+`],"since":`+fmt.Sprint(at)+`,"until":`+fmt.Sprint(at)+`}`)
	add("#p among others", `{"#p":["`+strings.Repeat("0", 64)+`",`+to+`]}`)
	add("#p in upper case", `{"#p":["`+strings.ToUpper(wrap.Tags[0][1])+`"]}`)
	add("a beginning of #p", `{"#p":["`+wrap.Tags[0][1][:16]+`"]}`)
	add("#P", `{"#P":[`+to+`]}`)
	add("##p", `{"##p":[`+to+`]}`)
	add("##e", `{"##e":[`+id+`]}`)
	add("#e, deletions", `{"kinds":[5],"#e":[`+id+`]}`)
	add("#k, deletions", `{"kinds":[5],"#k":["1059"]}`)
	add("kinds", `{"kinds":[1059]}`)
	add("kinds twice", `{"kinds":[1059,1059]}`)
	add("private kinds", `{"kinds":[4,13,14,15,1059,21059]}`)
	add("kinds with a public one", `{"kinds":[1059,30402]}`)
	add("many kinds", `{"kinds":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,1059]}`)
	add("kinds: none", `{"kinds":[]}`)
	add("authors: none", `{"authors":[]}`)
	add("ids: none", `{"ids":[]}`)
	add("#p: none", `{"#p":[]}`)
	add("kinds: null", `{"kinds":null,"ids":null,"authors":null}`)
	add("limit 0", `{"kinds":[1059],"limit":0}`)
	add("limit 1", `{"limit":1}`)
	add("limit -1", `{"limit":-1,"kinds":[1059,0]}`)
	add("a huge limit", `{"limit":2147483647}`)
	add("since", `{"since":`+fmt.Sprint(at)+`}`)
	add("until", `{"until":`+fmt.Sprint(at)+`}`)
	add("that second", `{"since":`+fmt.Sprint(at)+`,"until":`+fmt.Sprint(at)+`}`)
	add("since later than until", `{"since":2,"until":1,"kinds":[1059]}`)
	add("search", `{"search":"1059"}`)
	add("search, #p", `{"search":"mug","#p":[`+to+`]}`)
	add("unknown keys", `{"kinds":[1059],"recipient":[`+to+`],"$or":[{}]}`)
	add("only unknown keys", `{"&p":[`+to+`],"p":[`+to+`]}`)
	add("a key twice", `{"kinds":[0],"kinds":[1059]}`)
	add("several filters", `{"ids":[`+id+`]}`, `{"#p":[`+to+`]}`, `{"authors":[`+author+`]}`)
	add("a private one first", `{"kinds":[1059]}`, `{"kinds":[0]}`)
	add("limit 0 first", `{"limit":0}`, `{"#p":[`+to+`]}`)
	add("no object", `["kinds",1059]`)
	add("kinds as words", `{"kinds":["1059"]}`)
	return all
}

// probe asks for each of the wraps in every shape, stored and counted, and in
// sets (NIP-77), as somebody.
func (tr *transcript) probe(who string, s *spy, wraps ...nostr.Event) {
	for i, wrap := range wraps {
		for _, sh := range shapes(s.t, wrap) {
			name := fmt.Sprintf("%s, wrap %d, %s", who, i, sh.name)
			if sh.malformed() {
				tr.note(name, s.ask(`["REQ","q",`+sh.filters[0]+`]`, "NOTICE", ""))
				continue
			}
			tr.note(name, s.req(sh.filters...))
			for n, f := range sh.filters {
				tr.note(fmt.Sprintf("%s, COUNT %d", name, n), s.count(f))
			}
			if i == 0 {
				tr.note(name+", NEG", s.ask(`["NEG-OPEN","n",`+sh.filters[0]+`,"6100000200"]`, "NOTICE NEG-MSG NEG-ERR", ""))
			}
		}
	}
	tr.note(who+", NEG-MSG", s.ask(`["NEG-MSG","n","6100000200"]`, "NOTICE NEG-MSG NEG-ERR", ""))
}

// A watch is a subscription of every shape for one wrap, open while gift wraps
// come: fewer than a relay allows on one socket.
type watch struct {
	name string // in the transcript
	s    *spy
}

// watch opens the subscriptions as who; with limit 0 they are for what comes only.
func (s *spy) watch(who string, wrap nostr.Event, limitZero bool) watch {
	for i, sh := range shapes(s.t, wrap) {
		if sh.malformed() {
			continue
		}
		filters := strings.Join(sh.filters, ",")
		if limitZero {
			filters = strings.ReplaceAll(strings.ReplaceAll(filters, "}", `,"limit":0}`), "{,", "{")
		}
		id := fmt.Sprintf("live-%d", i)
		s.ask(`["REQ","`+id+`",`+filters+`]`, "EOSE CLOSED", id)
	}
	if got := s.ask(`["REQ","end",{"kinds":[0],"limit":0}]`, "EOSE CLOSED", "end"); !strings.Contains(got, "EOSE") {
		s.t.Fatalf("the last subscription of a watch: %s", got)
	}
	return watch{fmt.Sprintf("%s, live, limit 0 is %t, wrap to %s", who, limitZero, wrap.Tags[0][1]), s}
}

// end notes and returns what came live until the event that is after all others.
func (w watch) end(last nostr.Event) string {
	var heard []string
	for _, line := range strings.Split(w.s.until("EVENT", "end"), "\n") {
		if !strings.Contains(line, last.ID) { // it may go on coming by the other subscriptions
			heard = append(heard, line)
		}
	}
	text := strings.Join(heard, "\n")
	w.s.tr.note(w.name, text)
	return text
}
