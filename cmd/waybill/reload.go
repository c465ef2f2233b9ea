package main

import (
	"context"
	"os"
	"reflect"
	"slices"
	"strings"
)

// A reloader applies a part of a new configuration to the running daemon. It also
// says so in d.loaded, with which the next configuration is compared; on an error
// it leaves everything as it was.
type reloader struct {
	keys   []string // of the config file, or whole sections
	always bool     // also where the file says the same as before: it names other files
	apply  func(config) error
}

func (r reloader) owns(key string) bool {
	return slices.ContainsFunc(r.keys, func(k string) bool { return key == k || strings.HasPrefix(key, k+".") })
}

// reloaders are all there is: every other key needs a restart, for it is about
// what is open already (addresses, files), or is part of what stored data mean.
func (d *daemon) reloaders() []reloader {
	return []reloader{
		{keys: []string{"keys.delegated"}, always: true, apply: d.reloadDelegated},
		{keys: []string{"limits", "relay.trusted_proxies", "relay.auth_required_to_write", "relay.min_pow"}, apply: d.reloadLimits},
		{keys: []string{"admin.max_lag"}, apply: func(c config) error {
			d.maxLag.Store(int64(c.Admin.MaxLag))
			d.loaded.Admin.MaxLag = c.Admin.MaxLag
			return nil
		}},
		{keys: []string{"log.level"}, apply: func(c config) error {
			d.loaded.Log.Level = c.Log.Level
			return setLogLevel(c.Log.Level)
		}},
	}
}

// follow reloads the configuration at every signal until ctx ends.
func (d *daemon) follow(ctx context.Context, signals <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-signals:
			d.tellReloading()
			d.reload()
			d.tellReady()
		}
	}
}

// reload reads the configuration anew and applies what can be applied. What is
// broken changes nothing. Keys of the file are logged, never values: some are secret.
func (d *daemon) reload() {
	now, err := d.load()
	if err != nil {
		d.log.Error().Err(err).Msg("the configuration was not reloaded, and the relay goes on with what it had")
		return
	}
	rest := changedKeys(d.loaded, now)
	var applied []string
	for _, r := range d.reloaders() {
		var ours []string
		for _, key := range rest {
			if r.owns(key) {
				ours = append(ours, key)
			}
		}
		if len(ours) == 0 && !r.always {
			continue
		}
		rest = slices.DeleteFunc(rest, r.owns)
		if err := r.apply(now); err != nil {
			d.log.Error().Err(err).Strs("keys", r.keys).Msg("this part of the configuration was not reloaded, and the relay goes on with what it had")
			continue
		}
		applied = append(applied, ours...)
	}
	d.log.Info().Strs("changed", applied).Msg("the configuration was reloaded")
	if len(rest) > 0 {
		d.log.Warn().Strs("keys", rest).Msg("these keys have changed too, but need a restart")
	}
}

func (d *daemon) reloadDelegated(c config) error {
	owners, err := d.delegate(c.Keys.Delegated)
	if err != nil {
		return err
	}
	d.loaded.Keys.Delegated = c.Keys.Delegated
	if len(owners) > 0 {
		d.backlog.KeysChanged(owners...)
		d.log.Info().Int("changed", len(owners)).Msg("the delegated keys of the configuration have changed")
	}
	return nil
}

// reloadLimits hands the limits to everybody who keeps one.
func (d *daemon) reloadLimits(c config) error {
	for _, set := range d.limited {
		if err := set(c); err != nil {
			return err
		}
	}
	d.loaded.Limits = c.Limits
	d.loaded.Relay.TrustedProxies = c.Relay.TrustedProxies
	d.loaded.Relay.AuthRequiredToWrite, d.loaded.Relay.MinPoW = c.Relay.AuthRequiredToWrite, c.Relay.MinPoW
	return nil
}

// changedKeys names the keys of the config file ("limits.memory") whose values differ.
func changedKeys(a, b config) []string {
	return differing("", reflect.ValueOf(a), reflect.ValueOf(b))
}

func differing(section string, a, b reflect.Value) (keys []string) {
	for i := range a.NumField() {
		key := section + a.Type().Field(i).Tag.Get("toml")
		switch x, y := a.Field(i), b.Field(i); {
		case x.Kind() == reflect.Struct:
			keys = append(keys, differing(key+".", x, y)...)
		case x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0: // none is none
		case !reflect.DeepEqual(x.Interface(), y.Interface()):
			keys = append(keys, key)
		}
	}
	return keys
}
