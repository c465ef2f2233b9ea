package bunker

import (
	"encoding/json"
)

// A greeting is the connect request of NIP-46, sent once. Only one goroutine uses
// it.
//
// What is replied to it proves nothing. A signer that knows the client may refuse
// a second one, or be silent, since its token was used; another acknowledges
// whoever comes. What counts is whether it then does as it is asked.
type greeting struct {
	x     *exchange
	token string
	said  bool // it was replied to
}

// ask does what is wanted of the signer. With a token the greeting comes first:
// without it the signer does not know the client. Without one, whose client the
// signer may well know, it comes where what is wanted does not succeed. It comes
// again where it was lost, and the signer turns out to be there.
func (g *greeting) ask(want func() error) error {
	tried := g.said
	if !tried && g.token != "" {
		tried = true
		g.say()
	}
	err := want()
	switch {
	case err == nil, g.said, err == ErrClosed:
		return err
	case tried && err != ErrDenied:
		return err // silence both times
	case !g.say():
		return err
	}
	return want()
}

// say reports whether the signer replied, whatever it was.
func (g *greeting) say() bool {
	params := []string{g.x.signer, g.token, methodDecrypt}
	if about := describe(g.x.set.name, g.x.set.url); about != "" {
		params = append(params, about)
	}
	c, err := g.x.start(methodConnect, params, g.x.set.patience, func() {})
	if err != nil {
		return false
	}
	<-c.done
	if c.err == nil {
		g.said, g.token = true, ""
	}
	return g.said
}

func describe(name, url string) string {
	if name == "" && url == "" {
		return ""
	}
	text, err := json.Marshal(struct {
		Name string `json:"name,omitempty"`
		URL  string `json:"url,omitempty"`
	}{name, url})
	if err != nil {
		return ""
	}
	return string(text)
}
