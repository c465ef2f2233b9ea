package main

import (
	"encoding"
	"fmt"
	"reflect"
	"time"

	"github.com/dustin/go-humanize"
)

// size is a number of bytes, written as "512MiB", "500kB" or "512000".
type size int64

// duration is a time.Duration as Go writes it ("10s", "17520h"); "" is none.
type duration time.Duration

var (
	_ encoding.TextUnmarshaler = (*size)(nil)
	_ encoding.TextUnmarshaler = (*duration)(nil)
)

func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<50 {
		return fmt.Errorf("%q is no size: write 512MiB, 500kB or a number of bytes", text)
	}
	*s = size(n)
	return nil
}

// MarshalText writes the largest unit that loses nothing.
func (s size) MarshalText() ([]byte, error) {
	for _, unit := range []struct {
		bytes size
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if s > 0 && s%unit.bytes == 0 {
			return fmt.Appendf(nil, "%d%s", s/unit.bytes, unit.name), nil
		}
	}
	return fmt.Appendf(nil, "%d", int64(s)), nil
}

func (d *duration) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no time span: write 10s, 5m or 17520h", text)
	}
	*d = duration(v)
	return nil
}

// spansHaveUnits refuses a bare number where a time span belongs: the TOML library
// would take it for nanoseconds, and retention.completed = 17520 would erase every
// finished order at once. raw is the file, or the section of type t in it.
func spansHaveUnits(section string, raw map[string]any, t reflect.Type) error {
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("toml")
		switch value := raw[name].(type) {
		case map[string]any:
			if err := spansHaveUnits(section+name+".", value, f.Type); err != nil {
				return err
			}
		case int64:
			if f.Type == reflect.TypeFor[duration]() {
				return fmt.Errorf("%s%s: %d has no unit: write \"10s\", \"5m\" or \"17520h\"", section, name, value)
			}
		}
	}
	return nil
}

// MarshalText writes a span as Go does, and none as "".
func (d duration) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return []byte(time.Duration(d).String()), nil
}
