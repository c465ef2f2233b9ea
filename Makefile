# make run    a relay with its defaults, on 127.0.0.1:7447
# make test   everything that is tested; installs what tests need (Debian, npm)
# make soak   30 minutes of load and faults, with a table of figures at the end

GO ?= go
FUZZTIME ?= 20s
# Envelopes, dialects, and the path from a message to its order.
FUZZERS = ./nip17:FuzzOpen ./nip17:FuzzOpenDirect \
	./orders/dialect:FuzzGamma ./orders/dialect:FuzzCultureBridge ./orders/dialect:FuzzText ./orders/dialect:FuzzToken \
	./orders/dialect:FuzzConduit ./orders/dialect:FuzzPlebeian ./orders/dialect:FuzzOldPlebeian ./orders/dialect:FuzzShopstr \
	./orders/dialect:FuzzNIP15 ./orders/dialect:FuzzPosted ./orders/dialect:FuzzFold ./relay:FuzzPath
# Smaller parsers.
SHORT_FUZZTIME ?= 8s
SHORT_FUZZERS = ./nip17:FuzzParseEvent ./nip17/bunker:FuzzParse ./nip17/bunker:FuzzParseReply ./nip17/bunker:FuzzParseEnvelope \
	./orders:FuzzSearch ./orders/export:FuzzText ./orders/redisstore:FuzzPlace ./orders/redisstore:FuzzParseKey \
	./relay/enrol:FuzzParseCommand ./relay/wire:FuzzFrames ./relay/api:FuzzAuthorization

E2E = cmd/waybill/e2e
BROWSER = relay/web/browser
RULES = cmd/waybill/prometheus
PROMTOOL = $(shell command -v promtool || echo ./.tools/promtool)

.PHONY: run build demo test deps lint rules unit race fuzz e2e soak bench

run:
	$(GO) run ./cmd/waybill serve

demo:
	$(GO) run ./cmd/waybill demo

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o waybill ./cmd/waybill

test: deps lint rules unit race fuzz e2e

# What the tests need beside Go and Node: a real Redis, Chromium, promtool, and packages
# of npm. Of Debian's prometheus (19 MB) promtool alone is taken out: no service is set up.
deps:
	command -v redis-server >/dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server; }
	command -v chromium >/dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core; }
	test -x "$(PROMTOOL)" || { apt-get update -q; mkdir -p .tools/deb && cd .tools/deb && apt-get download -q prometheus && \
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x -O ./usr/bin/promtool > ../promtool && chmod +x ../promtool && rm -r ../deb; }
	command -v node >/dev/null || { echo "Node 20 or later is needed: see https://nodejs.org"; exit 1; }
	cd $(E2E)/nostrtools && npm ci --silent --no-audit --no-fund
	cd $(E2E)/browser && npm ci --silent --no-audit --no-fund --ignore-scripts
	cd $(BROWSER) && npm ci --silent --no-audit --no-fund --ignore-scripts

# The tags only add files, so that one look with them is a look at everything.
lint:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not gofmt: $$unformatted"; exit 1; }
	$(GO) vet -tags e2e,soak ./...
	$(GO) tool staticcheck -tags e2e,soak ./...
	cd $(BROWSER) && npm run --silent check

# The alerts fire when they should, and only then.
rules:
	$(PROMTOOL) check rules $(RULES)/waybill.rules.yml
	$(PROMTOOL) test rules $(RULES)/waybill.rules.test.yml

unit:
	$(GO) test -timeout 5m ./...
	$(GO) test -timeout 5m ./orders -run 'Touched|Permutation|Copies|Later|Refused' -rapid.checks=5000
	cd $(BROWSER) && npm test --silent

# Other people's code that computes and shares nothing of ours is not watched: SQLite as
# translated from C, and the arithmetic of curves and ciphers. It took more than half of
# the time. The code that calls it is watched, database/sql and the driver included.
NOT_WATCHED = modernc.org/sqlite/lib modernc.org/libc golang.org/x/crypto/... github.com/decred/dcrd/dcrec/secp256k1/v4

race:
	$(GO) test -race $(NOT_WATCHED:%=-gcflags=%=-race=false) -timeout 15m ./...

# One instrumented program for each package; then two fuzzers at a time, each on one
# core. What they find interesting is kept where `go test -fuzz` keeps it.
fuzz:
	@for package in $(sort $(foreach f,$(FUZZERS) $(SHORT_FUZZERS),$(firstword $(subst :, ,$f)))); do \
		$(GO) test -c -fuzz . -o ".tools/fuzz/$$package.test" "$$package" || exit; done
	@(printf '$(FUZZTIME) %s\n' $(FUZZERS); printf '$(SHORT_FUZZTIME) %s\n' $(SHORT_FUZZERS)) | xargs -P 2 -L 1 .ci/fuzz

e2e:
	$(GO) test -tags e2e -count=1 -timeout 20m ./$(E2E)/
	$(GO) test -tags e2e -count=1 -run NostrTools ./relay/api
	$(GO) test -tags e2e -count=1 -run StandardWebhooks ./relay/notify

# Mixed load with faults at random; E2E_SOAK=5m for a shorter one.
soak:
	$(GO) test -tags e2e,soak -count=1 -timeout 0 -v -run '^TestSoak$$' ./$(E2E)/

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./nip17 ./nip17/bunker ./orders ./orders/dialect ./orders/redisstore ./relay ./relay/ledger ./relay/web ./relay/wire
