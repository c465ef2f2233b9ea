package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/pelletier/go-toml/v2"

	"github.com/waybill-relay/waybill/orders"
)

// loadConfig reads the file ("" for none), then the environment. EINVALID, so that
// nobody starts again and again what cannot start.
func loadConfig(path string) (config, error) {
	c, err := readConfig(path)
	if err != nil {
		err = orders.Errorf(orders.EINVALID, "%w", err)
	}
	return c, err
}

func readConfig(path string) (config, error) {
	c := defaults()
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("config: %w", err)
		}
		if err := parseConfig(text, &c); err != nil {
			return c, fmt.Errorf("config: %s: %w", path, err)
		}
	}
	environmentMaster() // takes it out, before anybody wonders what it is
	if err := unknownEnvironment(&c); err != nil {
		return c, err
	}
	if err := env.ParseWithOptions(&c, env.Options{Prefix: envPrefix}); err != nil {
		return c, fmt.Errorf("config: environment: %w", err)
	}
	if err := c.complete(); err != nil {
		return c, fmt.Errorf("config: %w", inFile(path, err))
	}
	return c, nil
}

const envPrefix = "WAYBILL_"

func parseConfig(text []byte, c *config) error {
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(c)
	var missing *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &missing):
		var lines []string
		for _, e := range missing.Errors {
			row, _ := e.Position()
			lines = append(lines, fmt.Sprintf("line %d: unknown key %q", row, strings.Join(e.Key(), ".")))
		}
		return errors.New(strings.Join(lines, "; "))
	case errors.As(err, &wrong):
		row, col := wrong.Position()
		return fmt.Errorf("line %d, column %d: %s", row, col, strings.TrimPrefix(wrong.Error(), "toml: "))
	case err != nil:
		return err
	}
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		return err
	}
	err = spansHaveUnits("", raw, reflect.TypeFor[config]())
	if line := linesOf(text).of(err); line > 0 {
		err = fmt.Errorf("line %d: %w", line, err)
	}
	return err
}

// unknownEnvironment refuses a WAYBILL_ variable that would silently do nothing.
func unknownEnvironment(c *config) error {
	params, err := env.GetFieldParamsWithOptions(c, env.Options{Prefix: envPrefix})
	if err != nil {
		return fmt.Errorf("config: environment: %w", err)
	}
	known := map[string]bool{envPrefix + "CONFIG": true}
	for _, p := range params {
		known[p.Key] = true
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, envPrefix) && !known[name] && !tableVariable.MatchString(name) {
			return fmt.Errorf("config: environment: unknown variable %s", name)
		}
	}
	return nil
}

// tableVariable matches the names of what is in a [[keys.delegated]] or a [[webhooks]]
// table.
var tableVariable = regexp.MustCompile(`^` + envPrefix +
	`(KEYS_DELEGATED_[0-9]+_(SECRET|SECRET_FILE|PASSPHRASE_FILE|BUNKER|BUNKER_FILE|OWNER)|WEBHOOKS_[0-9]+_(URL|SECRET_FILE|EVENTS))$`)
