package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	sdnotify "github.com/coreos/go-systemd/v22/daemon"
)

// tell speaks to the service manager (sd_notify(3)), where there is one.
func (d *daemon) tell(state string) {
	if _, err := sdnotify.SdNotify(false, state); err != nil {
		d.log.Warn().Err(err).Msg("the service manager could not be told")
	}
}

func (d *daemon) tellReady() {
	d.tell(sdnotify.SdNotifyReady + "\nSTATUS=open at " + d.listener.Addr().String())
}

// tellReloading also serves Type=notify-reload, which wants to know when it began.
func (d *daemon) tellReloading() {
	state := sdnotify.SdNotifyReloading
	if us, err := monotonicMicros(); err == nil {
		state += fmt.Sprintf("\nMONOTONIC_USEC=%d", us)
	}
	d.tell(state)
}

// tellStopping waits for the end and says that it has come.
func (d *daemon) tellStopping(ctx context.Context) error {
	<-ctx.Done()
	d.stopping.Store(true)
	d.tell(sdnotify.SdNotifyStopping)
	return nil
}

// watch tells the service manager, as often as it asks for (WatchdogSec=), that
// the relay lives: the ledger reads and writes, and connections are taken. A Redis
// that is away is no reason for a restart.
func (d *daemon) watch(ctx context.Context) error {
	every, err := sdnotify.SdWatchdogEnabled(false)
	if err != nil {
		return err
	}
	if every == 0 {
		return nil
	}
	vital := newHealth(every/4, d.vital()...)
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		if now := vital.examine(); now.Ready {
			d.tell(sdnotify.SdNotifyWatchdog)
		} else if ctx.Err() == nil {
			for _, name := range slices.Sorted(maps.Keys(now.Checks)) {
				if s := now.Checks[name]; !s.OK {
					d.log.Error().Str("check", name).Str("detail", s.Detail).Msg("the service manager's watchdog is not told that all is well")
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
