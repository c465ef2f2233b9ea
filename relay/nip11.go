package relay

import (
	"encoding/json"
	"net/http"
)

// information is the NIP-11 document. go-nostr's type has no field for the
// relay's own key (self), so this is ours.
type information struct {
	Name          string     `json:"name"`
	Description   string     `json:"description"`
	Pubkey        string     `json:"pubkey,omitempty"` // of the operator
	Contact       string     `json:"contact,omitempty"`
	Self          string     `json:"self"`
	SupportedNIPs []int      `json:"supported_nips"`
	Software      string     `json:"software"`
	Version       string     `json:"version"`
	Limitation    limitation `json:"limitation"`
}

type limitation struct {
	MaxMessageLength int  `json:"max_message_length"`
	MaxSubidLength   int  `json:"max_subid_length"`
	MaxSubscriptions int  `json:"max_subscriptions"`
	MaxFilters       int  `json:"max_filters"`
	MaxLimit         int  `json:"max_limit"`
	DefaultLimit     int  `json:"default_limit"`
	MinPoW           int  `json:"min_pow_difficulty"`
	AuthRequired     bool `json:"auth_required"`
	PaymentRequired  bool `json:"payment_required"`
	RestrictedWrites bool `json:"restricted_writes"`
	CreatedAtUpper   int  `json:"created_at_upper_limit"` // seconds into the future
}

// Software is where the relay's program comes from, as NIP-11 names it.
const Software = "https://github.com/waybill-relay/waybill"

func (r *Relay) information() information {
	limits := r.limits.Load()
	return information{
		Name: r.cfg.Name, Description: r.cfg.Description, Pubkey: r.cfg.Operator, Contact: r.cfg.Contact,
		Self:          r.cfg.Self,
		SupportedNIPs: r.nips(),
		Software:      Software, Version: r.cfg.Version,
		Limitation: limitation{
			MaxMessageLength: limits.Wire.Message, MaxSubidLength: maxSubscriptionID,
			MaxLimit: r.cfg.MaxLimit, DefaultLimit: r.cfg.MaxLimit,
			MaxSubscriptions: limits.Wire.Subscriptions, MaxFilters: limits.Wire.Filters,
			// Without it there would be little left to do here.
			AuthRequired: limits.AuthToWrite, MinPoW: limits.MinPoW,
			RestrictedWrites: true, CreatedAtUpper: int(maxAhead.Seconds()),
		},
	}
}

func (r *Relay) nips() []int {
	nips := []int{1, 9, 11, 13, 17, 40, 42, 44, 45, 59, 62, 70}
	if r.cfg.DirectMessages {
		nips = append([]int{1, 4}, nips[1:]...)
	}
	return nips
}

func (r *Relay) serveInformation(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/nostr+json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "*")
	w.Header().Set("Access-Control-Allow-Methods", "GET, OPTIONS")
	json.NewEncoder(w).Encode(r.information())
}
