//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// What TestFlood does to a daemon. E2E_FLOOD is how many events each flooder
// pipelines; 50000 is the whole of it.
const (
	flooders   = 32
	idlers     = 2000
	floodBytes = 64_000
)

// TestFlood: many clients that pipeline large events, half of them garbage, and
// read no answer, while others sit idle. The daemon stays within limits.memory,
// somebody who behaves is served all the while, and what was accepted is there.
func TestFlood(t *testing.T) {
	each := 300
	if s := os.Getenv("E2E_FLOOD"); s != "" {
		var err error
		if each, err = strconv.Atoi(s); err != nil || each < 1 {
			t.Fatalf("E2E_FLOOD=%s is no number of events", s)
		}
	}
	// The flood is for one inbox, whose hourly limit it may use up; the shop is another.
	seller, flooded := newSpeaker(t), newSpeaker(t)
	redis := redistest.Start(t)
	d := newDaemon(t, fmt.Sprintf("[[keys.delegated]]\nsecret = %q\n[[keys.delegated]]\nsecret = %q\n", seller.secret, flooded.secret),
		map[string]string{"REDIS_URL": redis.URL()})
	d.start()
	idle(t, d.url)
	polite := manyOrders(t, 300, random(t), seller, selfOf(t, d))

	var writing, reading sync.WaitGroup
	floods := make([]*flooder, flooders)
	over := make(chan struct{})
	for i := range floods {
		f := newFlooder(t, d.url, flooded.pubkey, i)
		floods[i] = f
		writing.Go(func() { f.write(each) })
		reading.Go(func() { <-over; f.read() })
	}
	begun := time.Now()
	go func() { writing.Wait(); close(over) }()
	took, kept := d.publishWhile(polite, over)
	lasted := time.Since(begun)
	reading.Wait()
	d.alive()

	var accepted []string
	endings := map[string]int{}
	for _, f := range floods {
		accepted = append(accepted, f.accepted...)
		for reason, n := range f.refusals {
			endings[reason] += n
		}
	}
	caughtUp(t, d, redis.URL())
	book := readLedger(t, d)
	for _, id := range slices.Concat(accepted, kept) {
		if has, err := book.Has(t.Context(), id); err != nil || !has {
			t.Errorf("%s got OK true and is not in the ledger: %v", id, err)
		}
	}
	peak := d.peakMemory()
	if limit := 512 << 20; peak >= limit {
		t.Errorf("the daemon took %d MiB, and its limit is %d MiB", peak>>20, limit>>20)
	}
	slices.Sort(took)
	t.Logf("%d flooders, %d events each, in %s: %d accepted; a polite client's OK in p50 %s, p99 %s, worst %s (%d); peak memory %d MiB; refusals %v",
		flooders, each, lasted.Round(time.Millisecond), len(accepted), took[len(took)/2].Round(time.Microsecond),
		took[len(took)*99/100].Round(time.Microsecond), took[len(took)-1].Round(time.Microsecond), len(took), peak>>20, endings)
	d.stop()
	d.log.calm(t)
}

// idle opens subscriptions that wait for something that never comes.
func idle(t *testing.T, url string) {
	t.Helper()
	for range idlers {
		conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		t.Cleanup(func() { conn.Close() })
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`["REQ","idle",{"kinds":[30402],"limit":0}]`)); err != nil {
			t.Fatal(err)
		}
		go func() { // it reads, and answers pings
			for {
				if _, _, err := conn.ReadMessage(); err != nil {
					return
				}
			}
		}()
	}
}

// publishWhile has a client that waits for each OK publish one event after another,
// until over is closed. It returns how long each took, and what was taken. The client
// is a process of its own: in this one it would stand in line behind the flooders
// for the processor.
func (d *daemon) publishWhile(events []nostr.Event, over <-chan struct{}) (took []time.Duration, kept []string) {
	d.t.Helper()
	node := startNode(d.t)
	node.must("polite", "connect", map[string]any{"url": d.url}, nil)
	go func() { <-over; node.must("polite", "halt", nil, nil) }()
	var paced struct {
		Refused string
		Took    []float64 // ms
		Kept    []string
	}
	if err := node.callWithin(time.Hour, "polite", "pace", map[string]any{"events": events}, &paced); err != nil || paced.Refused != "" {
		d.t.Errorf("a client that behaves was refused: %q, %v", paced.Refused, err)
	}
	for _, ms := range paced.Took {
		took = append(took, time.Duration(ms*float64(time.Millisecond)))
	}
	return append(took, 0), paced.Kept
}

// peakMemory is the most resident memory that the daemon had, in bytes.
func (d *daemon) peakMemory() int {
	d.t.Helper()
	text := must(os.ReadFile(fmt.Sprintf("/proc/%d/status", d.serves.cmd.Process.Pid)))(d.t)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib := must(strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB"))))(d.t)
			return kib << 10
		}
	}
	d.t.Fatal("the system does not tell the daemon's memory")
	return 0
}

// A flooder writes and reads nothing until it is done or was thrown out; then it
// reads what there is to read.
type flooder struct {
	t      *testing.T
	conn   *websocket.Conn
	to     string // recipient, hex
	random *rand.Rand

	accepted []string
	refusals map[string]int // prefix of a reason → how often
}

func newFlooder(t *testing.T, url, to string, number int) *flooder {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	return &flooder{t: t, conn: conn, to: to, random: rand.New(rand.NewPCG(seed, uint64(number))), refusals: map[string]int{}}
}

func (f *flooder) write(n int) {
	ballast := make([]byte, floodBytes*3/4)
	for i := range ballast {
		ballast[i] = byte(f.random.Uint32())
	}
	content := base64.StdEncoding.EncodeToString(ballast)
	key := nostr.GeneratePrivateKey()
	for i := range n {
		if f.conn.WriteMessage(websocket.TextMessage, f.message(i, key, content)) != nil {
			return
		}
	}
}

// message is a gift wrap, or, every other time, garbage of one kind or another.
func (f *flooder) message(i int, key, content string) []byte {
	evt := nostr.Event{
		Kind: nostr.KindGiftWrap, CreatedAt: nostr.Now() - nostr.Timestamp(i%100_000), Content: content, Tags: nostr.Tags{{"p", f.to}},
	}
	if i%2 == 0 {
		if err := evt.Sign(key); err != nil {
			f.t.Error(err)
		}
	} else {
		evt.PubKey, evt.Sig = f.to, strings.Repeat("0", 128)
		evt.ID = evt.GetID()
	}
	text, err := json.Marshal([]any{"EVENT", evt})
	if err != nil {
		f.t.Error(err)
	}
	switch i % 8 {
	case 3:
		return text[:len(text)-10]
	case 5:
		return []byte(`["` + content + `"]`)
	case 7:
		return []byte(content)
	}
	return text
}

// read takes what the relay has answered meanwhile, until it has no more to say.
func (f *flooder) read() {
	for {
		if f.conn.SetReadDeadline(time.Now().Add(3*time.Second)) != nil {
			return
		}
		_, text, err := f.conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			f.refusals["closed, "+closed.Text]++
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			f.refusals["cut off"]++
			return
		}
		f.answer(text)
	}
}

func (f *flooder) answer(text []byte) {
	var m []json.RawMessage
	if json.Unmarshal(text, &m) != nil || len(m) < 2 {
		return
	}
	reason := ""
	switch string(m[0]) {
	case `"OK"`:
		if string(m[2]) == "true" {
			f.accepted = append(f.accepted, strings.Trim(string(m[1]), `"`))
			return
		}
		reason = string(m[3])
	case `"NOTICE"`:
		reason = string(m[1])
	default:
		return
	}
	prefix, _, _ := strings.Cut(strings.Trim(reason, `"`), ":")
	f.refusals[prefix]++
}
