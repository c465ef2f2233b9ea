package wire

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
)

// Each message gets the answer that it should, and gives its place back: only one
// may be unanswered here, so the probe behind it would wait for ever.
func TestEveryAnswerFreesItsPlace(t *testing.T) {
	limits := everyone()
	limits.Unanswered, limits.Filters = 1, 3
	h := newHouse(t, limits)
	good, refusedEvent := made(t, 1, "good"), made(t, 1, "refused")
	badSignature, badID, ephemeral, deletion := made(t, 1, "x"), made(t, 1, "y"), made(t, 20001, "z"), made(t, 5, "")
	badSignature.Sig = strings.Repeat("0", 128)
	badID.Content = "changed"
	replaceable := made(t, 0, "{}")
	protected := made(t, 1, "mine", nostr.Tag{"-"})
	upper := good
	upper.ID = strings.ToUpper(upper.ID)
	quoted := good
	quoted.ID = `a"b`
	s := h.dial()
	badAuth, goodAuth, again := s.authEvent("ws://elsewhere"), s.authEvent(h.url), s.authEvent(h.url)
	authWithoutID := s.authEvent(h.url)
	authWithoutID.ID = ""
	long := strings.Repeat("i", 65)
	sig := `"sig":"` + strings.Repeat("0", 128) + `"`
	for _, tt := range []struct{ name, say, want string }{
		{"a good event", text("EVENT", good), `["OK","` + good.ID + `",true`},
		{"the same again", text("EVENT", good), `["OK","` + good.ID + `",true`},
		{"a replaceable one", text("EVENT", replaceable), `["OK","` + replaceable.ID + `",true`},
		{"with a subscription", text("EVENT", "s", good), `["OK","` + good.ID + `",true`},
		{"a refused one", text("EVENT", refusedEvent), `["OK","` + refusedEvent.ID + `",false,"blocked:`},
		{"an ephemeral one", text("EVENT", ephemeral), `["OK","` + ephemeral.ID + `",false,"blocked:`},
		{"a deletion", text("EVENT", deletion), `["OK","` + deletion.ID + `",true`},
		{"a protected one", text("EVENT", protected), `["OK","` + protected.ID + `",false,"auth-required:`},
		{"a bad signature", text("EVENT", badSignature), `["OK","` + badSignature.ID + `",false`},
		{"a wrong id", text("EVENT", badID), `["OK","` + badID.ID + `",false,"invalid:`},
		{"an id in capitals", text("EVENT", upper), `["NOTICE","invalid:`},
		{"an id with a quote", text("EVENT", quoted), `["NOTICE","invalid:`},
		{"two ids", `["EVENT",{"id":"` + good.ID + `","id":"x",` + sig + `}]`, `["OK","` + good.ID + `",false,"invalid:`},
		{"an event that is none", `["EVENT",5]`, `["NOTICE","invalid:`},
		{"half an event", `["EVENT",{"id":"` + good.ID + `","kind":`, `["OK","` + good.ID + `",false,"invalid:`},
		{"no event", `["EVENT"]`, `["NOTICE","invalid:`},
		{"a subscription", text("REQ", "s", map[string]any{"kinds": []int{7}}), `["EOSE","s"]`},
		{"the same again", text("REQ", "s", map[string]any{"kinds": []int{7}}), `["EOSE","s"]`},
		{"limit 0", text("REQ", "z", map[string]any{"limit": 0}), `["EOSE","z"]`},
		{"a number in the id", `["REQ",5,{}]`, `["CLOSED","","invalid:`},
		{"odd characters", text("REQ", "<&> é", map[string]any{"kinds": []int{7}}), `["EOSE","<&> é"]`},
		{"a refused filter", text("REQ", "r", map[string]any{"kinds": []int{4}}), `["CLOSED","r","auth-required:`},
		{"a good and a refused filter", text("REQ", "r", map[string]any{}, map[string]any{"kinds": []int{4}}), `["CLOSED","r","auth-required:`},
		{"too many filters", text("REQ", "m", 1, 2, 3, 4), `["NOTICE","invalid:`},
		{"four filters", `["REQ","m",{},{},{},{}]`, `["CLOSED","m","invalid:`},
		{"no filter", `["REQ","s"]`, `["NOTICE","invalid:`},
		{"a filter that is none", `["REQ","s",{"kinds":"x"}]`, `["NOTICE","invalid:`},
		{"a long id", text("REQ", long, map[string]any{}), `["CLOSED","` + long + `","invalid:`},
		{"a quote in the id", text("REQ", `a"b`, map[string]any{}), `["CLOSED","a\"b","invalid:`},
		{"half a character in the id", `["REQ","\ud800",{}]`, `["CLOSED","` + "\ufffd" + `","invalid:`},
		{"a count", text("COUNT", "c", map[string]any{}), `["COUNT","c",{"count":7}]`},
		{"a refused count", text("COUNT", "c", map[string]any{"kinds": []int{4}}), `["COUNT","c",{"count":0}]`},
		{"a count of an answer", `["COUNT","c",{"count":5}]`, `["COUNT","c",{"count":7}]`},
		{"a quote in the id", text("COUNT", `a"b`, map[string]any{}), `["CLOSED","a\"b","invalid:`},
		{"no filter", `["COUNT","c"]`, `["NOTICE","invalid:`},
		{"a close of nothing", `["CLOSE","nothing"]`, ""},
		{"a close", `["CLOSE","s"]`, ""},
		{"a close of a number", `["CLOSE",5]`, ""},
		{"a close without an id", `["CLOSE"]`, `["NOTICE","invalid:`},
		{"a bad AUTH", text("AUTH", badAuth), `["OK","` + badAuth.ID + `",false`},
		{"a good AUTH", text("AUTH", goodAuth), `["OK","` + goodAuth.ID + `",true`},
		{"the same again", text("AUTH", goodAuth), `["OK","` + goodAuth.ID + `",true`},
		{"an AUTH as another", text("AUTH", again), `["OK","` + again.ID + `",false,"restricted:`},
		{"an AUTH without an id", text("AUTH", authWithoutID), `["NOTICE","invalid:`},
		{"a challenge", `["AUTH","x"]`, `["NOTICE","invalid:`},
		{"NEG-OPEN", `["NEG-OPEN","n",{},"61"]`, `["NOTICE","invalid:`},
		{"NEG-MSG", `["NEG-MSG","n","61"]`, `["NOTICE","invalid:`},
		{"NEG-CLOSE", `["NEG-CLOSE","n"]`, `["NOTICE","invalid:`},
		{"a label of nobody", `["HELLO","n"]`, `["NOTICE","invalid:`},
		{"NOTICE", `["NOTICE","x"]`, `["NOTICE","invalid:`},
		{"OK", `["OK","x",true,""]`, `["NOTICE","invalid:`},
		{"EOSE", `["EOSE","s"]`, `["NOTICE","invalid:`},
		{"CLOSED", `["CLOSED","s",""]`, `["NOTICE","invalid:`},
		{"an empty array", `[]`, `["NOTICE","invalid:`},
		{"an object", `{"EVENT":1}`, `["NOTICE","invalid:`},
		{"null", `null`, `["NOTICE","invalid:`},
		{"nothing", ``, `["NOTICE","invalid:`},
		{"garbage", "\x00\x01garbage", `["NOTICE","invalid:`},
		{"not UTF-8", "[\"EVENT\",\"\xff\"]", `["NOTICE","invalid:`},
		{"a quote", `"`, `["NOTICE","invalid:`},
	} {
		for name, op := range map[string]int{"text": websocket.TextMessage, "binary": websocket.BinaryMessage} {
			if err := s.conn.WriteMessage(op, []byte(tt.say)); err != nil {
				t.Fatal(err)
			}
			probe := made(t, 1, "probe")
			s.say("EVENT", probe)
			heard := false
			for {
				m := s.read()
				if begins(m, []any{"OK", probe.ID}) {
					break
				}
				whole, err := json.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				heard = heard || tt.want != "" && strings.HasPrefix(unescapeHTML(string(whole)), tt.want)
			}
			if heard != (tt.want != "") {
				t.Errorf("%s, %s (%.60s): did not hear %s", tt.name, name, tt.say, tt.want)
			}
		}
	}
	eventually(t, "nothing in flight", func() bool { return h.wire.Stats().Messages == 0 })
}

// However a message is mutilated, khatru answers it or is never asked: one place
// is enough for thousands of them.
func TestMutilatedMessages(t *testing.T) {
	t.Parallel()
	limits := everyone()
	limits.Unanswered = 1
	h := newHouse(t, limits)
	s := h.dial()
	messages := []string{
		text("EVENT", made(t, 1, "x", nostr.Tag{"d", "y"})), text("AUTH", s.authEvent(h.url)),
		`["REQ","s",{"kinds":[7]},{"ids":["x"],"limit":0}]`, `["REQ","r",{"limit":0},{"kinds":[4]}]`,
		`["COUNT","c",{"#p":["x"]}]`, `["CLOSE","s"]`, `["NEG-OPEN","s",{},"61"]`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	heard := s.stream()
	for range 300 {
		for _, m := range messages {
			b := []byte(m)
			for range 1 + random.IntN(3) {
				at := random.IntN(len(b))
				few := slices.Clone(b[at:min(len(b), at+1+random.IntN(4))])
				switch random.IntN(3) {
				case 0:
					b[at] = "\"[]{},:\\0 \x00"[random.IntN(11)]
				case 1:
					b = slices.Delete(b, at, at+len(few))
				default:
					b = slices.Insert(b, at, few...)
				}
			}
			s.send(string(b))
		}
	}
	probe := made(t, 1, "probe")
	s.say("EVENT", probe)
	timeout := time.After(20 * time.Second)
	for {
		select {
		case m := <-heard:
			if begins(m, []any{"OK", probe.ID, true}) {
				return
			}
		case <-timeout:
			t.Fatalf("the probe is not answered: %+v", h.wire.Stats())
		}
	}
}

func unescapeHTML(s string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(s)
}

// A parser's error may quote the message; the answer must not send it all back.
func TestAnswersAreShort(t *testing.T) {
	limits := everyone()
	for _, payload := range []string{
		`["EVENT",{"id":"` + strings.Repeat("é", 50_000), `["REQ","s",{"kinds":"` + strings.Repeat("x", 50_000) + `"}]`,
		`["COUNT","` + strings.Repeat("x", 50_000) + `",{}]`, `["` + strings.Repeat("x", 50_000) + `"]`,
	} {
		if m := readMessage([]byte(payload), limits.filled()); len(m.refusal) == 0 || len(m.refusal) > 400 {
			t.Errorf("%.20s: an answer of %d bytes", payload, len(m.refusal))
		}
	}
}

// What the parser of the answers takes for one, and what not.
func TestAnswerOf(t *testing.T) {
	for text, want := range map[string][2]string{
		`["OK","ab",true,""]` + "\n": {"OK", "ab"},
		`["EOSE","a\u003cb"]`:        {"EOSE", "a<b"},
		`["CLOSED","s","why"]`:       {"CLOSED", "s"},
		`["COUNT","s",{"count":1}]`:  {"COUNT", "s"},
		`["EVENT","s",{"id":"OK"}]`:  {},
		`["NOTICE","OK"]`:            {},
		`["AUTH","x"]`:               {},
		`["OK","ab`:                  {},
		``:                           {},
	} {
		if label, id := answerOf([]byte(text)); label != want[0] || id != want[1] {
			t.Errorf("%s: got %q %q, want %q", text, label, id, want)
		}
	}
}
