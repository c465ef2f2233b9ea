package bunker

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestParseReply(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       reply
		ok         bool
	}{
		{"a result", `{"id":"1","result":"plain \"text\""}`, reply{"1", answered, `plain "text"`, ""}, true},
		{"with null error", `{"id":"1","result":"x","error":null}`, reply{"1", answered, "x", ""}, true},
		{"with empty error", `{"id":"1","result":"x","error":""}`, reply{"1", answered, "x", ""}, true},
		{"with more", `{"id":"1","result":"x","jsonrpc":"2.0"}`, reply{"1", answered, "x", ""}, true},
		{"an error", `{"id":"1","error":"the plaintext is x"}`, reply{"1", refused, "", ""}, true},
		{"both", `{"id":"1","result":"x","error":"y"}`, reply{"1", refused, "", ""}, true},
		{"an object as error", `{"id":"1","result":"x","error":{}}`, reply{"1", refused, "", ""}, true},
		{"neither", `{"id":"1"}`, reply{"1", refused, "", ""}, true},
		{"an object as result", `{"id":"1","result":{}}`, reply{"1", refused, "", ""}, true},
		{"the largest", `{"id":"1","result":"` + strings.Repeat("x", maxPlaintext) + `"}`,
			reply{"1", answered, strings.Repeat("x", maxPlaintext), ""}, true},
		{"too large", `{"id":"1","result":"` + strings.Repeat("x", maxPlaintext+1) + `"}`, reply{}, false},
		{"approval", `{"id":"1","result":"auth_url","error":"https://a.example/x?y#z"}`, reply{"1", approval, "", "https://a.example/x?y#z"}, true},
		{"approval without a URL", `{"id":"1","result":"auth_url"}`, reply{"1", approval, "", ""}, true},
		{"approval over http", `{"id":"1","result":"auth_url","error":"http://a.example"}`, reply{"1", approval, "", ""}, true},
		{"approval by script", `{"id":"1","result":"auth_url","error":"javascript:x"}`, reply{"1", approval, "", ""}, true},
		{"approval with a password", `{"id":"1","result":"auth_url","error":"https://a@b.example"}`, reply{"1", approval, "", ""}, true},
		{"approval with a line end", `{"id":"1","result":"auth_url","error":"https://b.example/\n"}`, reply{"1", approval, "", ""}, true},
		{"approval with a long URL", `{"id":"1","result":"auth_url","error":"https://b.example/` + strings.Repeat("x", 2048) + `"}`,
			reply{"1", approval, "", ""}, true},
		{"no id", `{"result":"x"}`, reply{}, false},
		{"a number as id", `{"id":1,"result":"x"}`, reply{}, false},
		{"no object", `["1","x"]`, reply{}, false},
		{"no JSON", `x`, reply{}, false},
		{"two", `{"id":"1"}{"id":"2"}`, reply{}, false},
		{"nothing", ``, reply{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := parseReply(tt.text); got != tt.want || ok != tt.ok {
				t.Errorf("got %.80v, %v, want %.80v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add(`{"id":"1","result":"x","error":null}`)
	f.Add(`{"id":"1","result":"auth_url","error":"https://a.example/"}`)
	f.Add(`{"id":"\u0031","result":"\ud800","error":[]}`)
	f.Add(`{"ID":"1","result":"a","result":"b"}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parseReply(text)
		switch {
		case !ok && r != reply{}, ok && r.id == "":
			t.Fatalf("got %+v, %v", r, ok)
		case len(r.result) > maxPlaintext, r.result != "" && r.verdict != answered:
			t.Fatalf("got %+v", r)
		case r.url != "" && (r.verdict != approval || !strings.HasPrefix(strings.ToLower(r.url), "https://")):
			t.Fatalf("got %+v", r)
		}
	})
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte(`["EVENT","s",{"id":"a","pubkey":"b","created_at":1,"kind":24133,"tags":[["p","c"],[]],"content":"d","sig":"e"}]`))
	f.Add([]byte(`["OK","a",false,"auth-required: x"]`))
	f.Add([]byte(`["CLOSED","s","restricted: x"]`))
	f.Add([]byte(`["AUTH","challenge"]`))
	f.Add([]byte(`["EOSE","s"]`))
	f.Add([]byte(`["EVENT","s",null]`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, ok := parseEnvelope(frame)
		if !ok {
			return
		}
		if (e.label == "EVENT") != (e.event != nil) {
			t.Fatalf("got %+v", e)
		}
		if e.event != nil {
			_ = signed(e.event)
		}
	})
}

func TestRequestText(t *testing.T) {
	r := request{"1", methodDecrypt, []string{"<a>", `b"&`}}
	text, err := r.text()
	if err != nil || strings.ContainsAny(text, "\n") || !strings.Contains(text, "<a>") {
		t.Errorf("got %q, %v", text, err)
	}
	var got request
	if err := json.Unmarshal([]byte(text), &got); err != nil || got.Params[1] != r.Params[1] {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{least: 250 * time.Millisecond, most: time.Minute}
	for range 2 {
		for i := range 100 {
			full := b.most
			if i < 8 {
				full = b.least << i
			}
			if got := b.next(); got < full/2 || got > full {
				t.Errorf("attempt %d: got %v, want %v at most", i, got, full)
			}
		}
		b.reset()
	}
	if got := (&backoff{}).next(); got != 0 {
		t.Errorf("got %v", got)
	}
}
