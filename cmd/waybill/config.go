package main

import (
	"slices"
	"time"

	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/notify"
)

// config is the one config file. Every key is also WAYBILL_<SECTION>_<KEY> in the
// environment, which goes before the file.
type config struct {
	DataDir string   `toml:"data_dir" env:"DATA_DIR"`
	Admins  []string `toml:"admins" env:"ADMINS"`

	Relay     relayConfig     `toml:"relay" envPrefix:"RELAY_"`
	Limits    limitsConfig    `toml:"limits" envPrefix:"LIMITS_"`
	Redis     redisConfig     `toml:"redis" envPrefix:"REDIS_"`
	Ledger    ledgerConfig    `toml:"ledger" envPrefix:"LEDGER_"`
	Retention retentionConfig `toml:"retention" envPrefix:"RETENTION_"`
	Keys      keysConfig      `toml:"keys" envPrefix:"KEYS_"`

	Participants participantsConfig `toml:"participants" envPrefix:"PARTICIPANTS_"`
	Notices      noticesConfig      `toml:"notices" envPrefix:"NOTICES_"`
	Webhooks     []webhookConfig    `toml:"webhooks" envPrefix:"WEBHOOKS"`

	Dialects dialectConfig `toml:"dialects" envPrefix:"DIALECTS_"`
	Admin    adminConfig   `toml:"admin" envPrefix:"ADMIN_"`
	Metrics  metricsConfig `toml:"metrics" envPrefix:"METRICS_"`
	Log      logConfig     `toml:"log" envPrefix:"LOG_"`
}

type relayConfig struct {
	Listen      string   `toml:"listen" env:"LISTEN"`
	PublicURLs  []string `toml:"public_urls" env:"PUBLIC_URLS"`
	Accept      string   `toml:"accept" env:"ACCEPT"`
	InboxQuota  int      `toml:"inbox_quota" env:"INBOX_QUOTA"`
	Kinds       []int    `toml:"kinds" env:"KINDS"`
	MaxLimit    int      `toml:"max_limit" env:"MAX_LIMIT"`
	Name        string   `toml:"name" env:"NAME"`
	Description string   `toml:"description" env:"DESCRIPTION"`
	Contact     string   `toml:"contact" env:"CONTACT"`
	Operator    string   `toml:"operator" env:"OPERATOR"`

	TrustedProxies      []string `toml:"trusted_proxies" env:"TRUSTED_PROXIES"`
	AuthRequiredToWrite bool     `toml:"auth_required_to_write" env:"AUTH_REQUIRED_TO_WRITE"`
	MinPoW              int      `toml:"min_pow" env:"MIN_POW"`
}

type redisConfig struct {
	URL          string `toml:"url" env:"URL"`
	URLFile      string `toml:"url_file" env:"URL_FILE"`
	PasswordFile string `toml:"password_file" env:"PASSWORD_FILE"`
	TLSCAFile    string `toml:"tls_ca_file" env:"TLS_CA_FILE"`
	TLSCertFile  string `toml:"tls_cert_file" env:"TLS_CERT_FILE"`
	TLSKeyFile   string `toml:"tls_key_file" env:"TLS_KEY_FILE"`
	Plaintext    bool   `toml:"plaintext" env:"PLAINTEXT"`
	Embedded     string `toml:"embedded" env:"EMBEDDED"`
}

type ledgerConfig struct {
	URL string `toml:"url" env:"URL"`
}

type keysConfig struct {
	MasterFile             string            `toml:"master_file" env:"MASTER_FILE"`
	IdentityFile           string            `toml:"identity_file" env:"IDENTITY_FILE"`
	IdentityPassphraseFile string            `toml:"identity_passphrase_file" env:"IDENTITY_PASSPHRASE_FILE"`
	SignerRelays           []string          `toml:"signer_relays" env:"SIGNER_RELAYS"`
	Delegated              []delegatedConfig `toml:"delegated" envPrefix:"DELEGATED"`
}

type delegatedConfig struct {
	Secret         string `toml:"secret" env:"SECRET"`
	SecretFile     string `toml:"secret_file" env:"SECRET_FILE"`
	PassphraseFile string `toml:"passphrase_file" env:"PASSPHRASE_FILE"`
	Bunker         string `toml:"bunker" env:"BUNKER"`
	BunkerFile     string `toml:"bunker_file" env:"BUNKER_FILE"`
	Owner          string `toml:"owner" env:"OWNER"`
}

// participantsConfig is who may hand over a key without the operator's doing.
type participantsConfig struct {
	Policy         string   `toml:"policy" env:"POLICY"`
	List           []string `toml:"list" env:"LIST"`
	Max            int      `toml:"max" env:"MAX"`
	PrivateSigners bool     `toml:"private_signers" env:"PRIVATE_SIGNERS"`
}

type dialectConfig struct {
	RumorKinds   []int `toml:"rumor_kinds" env:"RUMOR_KINDS"`
	PublicOrders bool  `toml:"public_orders" env:"PUBLIC_ORDERS"`
	NIP04        bool  `toml:"nip04" env:"NIP04"`
}

type logConfig struct {
	Level  string `toml:"level" env:"LEVEL"`
	Format string `toml:"format" env:"FORMAT"`
}

// limitsConfig holds what one client may cost. All of it follows a SIGHUP.
type limitsConfig struct {
	Memory            size     `toml:"memory" env:"MEMORY"`
	Message           size     `toml:"message" env:"MESSAGE"`
	Unanswered        int      `toml:"unanswered" env:"UNANSWERED"`
	WriteTimeout      duration `toml:"write_timeout" env:"WRITE_TIMEOUT"`
	Connections       int      `toml:"connections" env:"CONNECTIONS"`
	ConnectionsPerIP  int      `toml:"connections_per_ip" env:"CONNECTIONS_PER_IP"`
	BytesPerSecond    size     `toml:"bytes_per_second" env:"BYTES_PER_SECOND"`
	ExemptIPs         []string `toml:"exempt_ips" env:"EXEMPT_IPS"`
	Subscriptions     int      `toml:"subscriptions" env:"SUBSCRIPTIONS"`
	Filters           int      `toml:"filters" env:"FILTERS"`
	WrapsPerRecipient int      `toml:"wraps_per_recipient" env:"WRAPS_PER_RECIPIENT"`
	IntentsPerAuthor  int      `toml:"intents_per_author" env:"INTENTS_PER_AUTHOR"`
	FactsPerOrder     int      `toml:"facts_per_order" env:"FACTS_PER_ORDER"`
	Backfill          int      `toml:"backfill" env:"BACKFILL"`
}

type retentionConfig struct {
	Completed duration `toml:"completed" env:"COMPLETED"`
}

type adminConfig struct {
	Listen string   `toml:"listen" env:"LISTEN"`
	MaxLag duration `toml:"max_lag" env:"MAX_LAG"`
}

type metricsConfig struct {
	Listen string `toml:"listen" env:"LISTEN"`
}

// defaults is the configuration of a relay that was told nothing. What is empty
// here follows from the other values (complete).
func defaults() config {
	return config{
		DataDir: "./data",
		Relay: relayConfig{
			Listen: "127.0.0.1:7447", Accept: "participants", InboxQuota: 1000, MaxLimit: 500,
			Kinds:       []int{0, 5, 10002, 10044, 10050, 30402, 30405, 30406},
			Name:        "Waybill",
			Description: "A Nostr relay that keeps track of orders.",
		},
		Limits: limitsConfig{
			Memory: 512 << 20, Message: 512_000, Unanswered: 32, WriteTimeout: duration(10 * time.Second),
			Connections: 10_000, ConnectionsPerIP: 100, BytesPerSecond: 2 << 20, ExemptIPs: []string{"127.0.0.0/8", "::1/128"},
			Subscriptions: 64, Filters: 20, WrapsPerRecipient: 50_000, IntentsPerAuthor: 100, FactsPerOrder: 1000,
			Backfill: 500,
		},
		Participants: participantsConfig{Policy: string(enrol.Open), Max: 500},
		Notices:      noticesConfig{DM: true, Email: mailConfig{Port: 587, TLS: string(notify.STARTTLS)}},
		Redis:        redisConfig{Embedded: "auto"},
		Admin:        adminConfig{MaxLag: duration(30 * time.Second)},
		Metrics:      metricsConfig{Listen: auto},
		Log:          logConfig{Level: "info", Format: "auto"},
	}
}

// isAdmin reports whether the key (hex) is one of the operator's admins.
func (c *config) isAdmin(pubkey string) bool { return slices.Contains(c.Admins, pubkey) }
