package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) healthcheck() *cobra.Command {
	var ready bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running relay how it is, for Docker and the like",
		Long: `Ask the relay that runs with this configuration how it is, at admin.listen. The exit
code is 0 where it is alive (with --ready: where it is ready), and 1 in every
other case.`,
		Example: "  waybill healthcheck\n  waybill healthcheck --ready",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := readConfig(a.configFile)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			line, err := askHealth(ctx, cfg.Admin.Listen, ready)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), line)
			return nil
		},
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "ask /readyz: ledger, disk, Redis and order indexes too")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Second, "how long to wait for an answer")
	return cmd
}

// askHealth returns one line on a relay that is well. Its errors carry no code of
// package orders, for Docker knows 0 and 1 only.
func askHealth(ctx context.Context, listen string, ready bool) (string, error) {
	if listen == "" {
		return "", errors.New(`admin.listen is empty: set it (WAYBILL_ADMIN_LISTEN=127.0.0.1:7448) for the relay and here`)
	}
	address, err := adminAddress(listen)
	if err != nil {
		return "", err
	}
	path := "/healthz"
	if ready {
		path = "/readyz"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := frontDoor.Do(req)
	if err != nil {
		return "", fmt.Errorf("nothing answers at %s: is the relay running, and with this admin.listen?", address)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return "", fmt.Errorf("the answer from %s broke off", address)
	case ready:
		return readyLine(resp.StatusCode, body)
	case resp.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != "ok":
		return "", fmt.Errorf("something else than Waybill answers at %s (HTTP %d)", address, resp.StatusCode)
	}
	return "alive", nil
}

func readyLine(status int, body []byte) (string, error) {
	var d diagnosis
	if err := json.Unmarshal(body, &d); err != nil || len(d.Checks) == 0 {
		return "", fmt.Errorf("something else than Waybill answers (HTTP %d)", status)
	}
	var well, ill []string
	for _, name := range slices.Sorted(maps.Keys(d.Checks)) {
		if s := d.Checks[name]; s.OK {
			well = append(well, name)
		} else {
			ill = append(ill, name+": "+s.Detail)
		}
	}
	if !d.Ready || status != http.StatusOK {
		return "", errors.New("not ready: " + strings.Join(ill, "; "))
	}
	return "ready: " + strings.Join(well, ", "), nil
}

// adminAddress is where this machine reaches a listener of that address.
func adminAddress(listen string) (string, error) {
	a, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil || a.Port == 0 {
		return "", fmt.Errorf("admin.listen: %q names no port to ask at", listen)
	}
	if a.IP == nil {
		a.IP = net.IPv4zero
	}
	return reachable(a), nil
}
