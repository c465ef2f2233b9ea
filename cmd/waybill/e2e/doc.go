// Package e2e tests the whole of Waybill from outside: the built program, a real
// redis-server, a real SQLite file, real WebSockets, and nostr-tools on Node as
// the client that nobody here wrote. It looks at Redis, the log and the files
// directly, and never calls into the daemon. It has no code but tests, behind
// the build tag e2e:
//
//	go test -tags e2e ./cmd/waybill/e2e/ -count=1
//
// It needs redis-server and node (20.19 or later) with npm on PATH. E2E_RACE=1
// builds the daemon with the race detector, E2E_KILLS=n is how often the crash
// test kills it (10), E2E_OUTAGE how long Redis stays away (8s), E2E_SEED repeats
// the random choices of a run.
//
// The soak is behind a tag of its own, soak, and runs for E2E_SOAK (30m): make soak.
package e2e
