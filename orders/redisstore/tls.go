package redisstore

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"

	"github.com/waybill-relay/waybill/orders"
)

// TLS makes a config for WithTLS of PEM files; "" for none. caFile holds the
// authorities that sign the server's certificate, in place of the system's;
// certFile and keyFile the client's own certificate, for a server that asks for
// one. They are read anew for each connection, so a renewed certificate needs no
// restart. EINVALID: a file does not hold what it should.
func TLS(caFile, certFile, keyFile string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, orders.Errorf(orders.EINVALID, "redis.tls_ca_file cannot be read: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, orders.Errorf(orders.EINVALID, "redis.tls_ca_file %s holds no certificate in PEM", caFile)
		}
	}
	if certFile == "" && keyFile == "" {
		return config, nil
	}
	if certFile == "" || keyFile == "" {
		return nil, orders.Errorf(orders.EINVALID, "redis.tls_cert_file and redis.tls_key_file go together")
	}
	if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil {
		return nil, orders.Errorf(orders.EINVALID, "redis.tls_cert_file and redis.tls_key_file are no pair in PEM: %w", err)
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		return &pair, err
	}
	return config, nil
}

// tlsTrouble says in words why a TLS connection does not come about, or "" where
// it is for another reason.
func tlsTrouble(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var header tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that is not trusted here, redis.tls_ca_file must hold the one that signed it"
	case errors.As(err, &name):
		return "its certificate is for another host name than the one in redis.url"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or the clock of this machine is wrong"
	case errors.As(err, &invalid):
		return "its certificate is not valid for a server"
	case errors.As(err, &header):
		return "there is no TLS on that port"
	case errors.As(err, &op) && op.Op == "remote error": // an alert
		return "it refuses the connection, it may want a client certificate that it trusts (redis.tls_cert_file, redis.tls_key_file)"
	}
	return ""
}
