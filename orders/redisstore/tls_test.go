package redisstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// authority signs certificates into files of one folder.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	ca   string // its own certificate's file
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.ca, _, a.cert, a.key = a.issue("ca", x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign makes a certificate for host, of a server or a client, that ends then.
func (a *authority) sign(host string, until time.Time) (certFile, keyFile string) {
	a.t.Helper()
	template := x509.Certificate{NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	certFile, keyFile, _, _ = a.issue(host+strconv.FormatInt(until.Unix(), 10), template)
	return certFile, keyFile
}

func (a *authority) issue(name string, template x509.Certificate) (certFile, keyFile string, cert *x509.Certificate, key *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore = time.Now().Add(-24 * time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = &template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(a.dir, name+".crt"), filepath.Join(a.dir, name+".key")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return certFile, keyFile, cert, key
}

// freePort is a port that was free just now: Redis cannot choose one itself.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	later := time.Now().Add(time.Hour)
	cert, key := ours.sign("127.0.0.1", later)
	port, plain := freePort(t), parrot(t)
	server := redistest.Start(t, "--bind", "127.0.0.1", "--tls-port", port,
		"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ours.ca, "--tls-auth-clients", "no")
	opt, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	admin := redis.NewClient(opt)
	defer admin.Close()
	// serve sets what the server shows and asks for.
	serve := func(clients, cert, key string) {
		t.Helper()
		if err := admin.Do(t.Context(), "CONFIG", "SET", "tls-auth-clients", clients, "tls-cert-file", cert, "tls-key-file", key).Err(); err != nil {
			t.Fatal(err)
		}
	}
	// dial writes and reads an order over TLS.
	dial := func(ca, certFile, keyFile, url string) error {
		t.Helper()
		config, err := redisstore.TLS(ca, certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		s, err := redisstore.Dial(t.Context(), url, redisstore.WithTLS(config))
		if err != nil {
			return err
		}
		defer s.Close()
		if err := s.Write(t.Context(), []*orders.Order{order("a", 1)}); err != nil {
			return err
		}
		_, err = s.Order(t.Context(), "a")
		return err
	}
	url := "rediss://127.0.0.1:" + port + "/2"
	clientCert, clientKey := ours.sign("waybill", later)
	otherCert, otherKey := theirs.sign("waybill", later)
	oldCert, oldKey := ours.sign("127.0.0.1", time.Now().Add(-time.Hour))
	nameCert, nameKey := ours.sign("redis.example", later)
	for _, c := range []struct {
		name             string
		clients          string
		serves, servesAs string
		ca, cert, key    string
		url              string
		want             string // "" for success
	}{
		{"an authority that we name", "no", cert, key, ours.ca, "", "", url, ""},
		{"another authority", "no", cert, key, theirs.ca, "", "", url, "redis.tls_ca_file"},
		{"the system's authorities", "no", cert, key, "", "", "", url, "redis.tls_ca_file"},
		{"a certificate that has expired", "no", oldCert, oldKey, ours.ca, "", "", url, "expired"},
		{"a certificate for another host", "no", nameCert, nameKey, ours.ca, "", "", url, "host name"},
		{"no TLS on that port", "no", cert, key, ours.ca, "", "", "rediss://" + plain, "no TLS"},
		{"TLS without our knowing", "no", cert, key, "", "", "", "redis://127.0.0.1:" + port, "rediss://"},
		{"a client certificate", "yes", cert, key, ours.ca, clientCert, clientKey, url, ""},
		{"no client certificate", "yes", cert, key, ours.ca, "", "", url, "client certificate"},
		{"a stranger's client certificate", "yes", cert, key, ours.ca, otherCert, otherKey, url, "client certificate"},
	} {
		serve(c.clients, c.serves, c.servesAs)
		err := dial(c.ca, c.cert, c.key, c.url)
		// On a busy machine a handshake may take longer than the client waits.
		for deadline := time.Now().Add(30 * time.Second); err != nil && strings.Contains(err.Error(), "does not answer") && time.Now().Before(deadline); {
			err = dial(c.ca, c.cert, c.key, c.url)
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	opt.DB = 2
	second := redis.NewClient(opt)
	defer second.Close()
	if n, err := second.Exists(t.Context(), "orders:a").Result(); n != 1 || err != nil {
		t.Errorf("the order in database 2: got %d, %v", n, err)
	}

	// A client certificate that is renewed in its place.
	serve("yes", cert, key)
	config, err := redisstore.TLS(ours.ca, otherCert, otherKey)
	if err != nil {
		t.Fatal(err)
	}
	s, err := redisstore.Open(url, redisstore.WithTLS(config))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	code(t, "before the renewal", s.Ping(t.Context()), orders.EUNAVAILABLE)
	if err := errors.Join(os.Rename(clientCert, otherCert), os.Rename(clientKey, otherKey)); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
}

// parrot says PONG to everybody, in the clear.
func parrot(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "+PONG +PONG\r\n")
			c.Close()
		}
	}()
	return l.Addr().String()
}

func TestTLSFiles(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.sign("waybill", time.Now().Add(time.Hour))
	for name, files := range map[string][3]string{
		"no such authority":  {filepath.Join(a.dir, "none"), "", ""},
		"a key for a ca":     {key, "", ""},
		"a certificate only": {a.ca, cert, ""},
		"a key only":         {a.ca, "", key},
		"swapped":            {a.ca, key, cert},
		"no pair":            {a.ca, a.ca, key},
	} {
		_, err := redisstore.TLS(files[0], files[1], files[2])
		code(t, name, err, orders.EINVALID)
		if !strings.Contains(err.Error(), "redis.tls_") {
			t.Errorf("%s: %v names no config key", name, err)
		}
	}
}
