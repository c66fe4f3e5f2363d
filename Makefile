# Two commands do everything on a bare machine with Go and make:
#   make demo   runs the main job on the embedded simulated tenant
#   make test   passes the tests
# Both install what they need first.

GO      ?= go
BIN     := bin/tenantaudit
OUT     ?= review-demo
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -buildid= -X main.version=$(VERSION)
# One compiler of the Graph SDK's models needs 5 GB; more at a time than cores only swaps.
export GOFLAGS ?= -mod=readonly

.PHONY: build demo test test-quick lint vuln release release-check notice bench bench-reports fuzz redteam chaos accuracy deps pictures check clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/tenantaudit

demo: build
	$(BIN) demo --out $(OUT) --format xlsx,html,json,csv

# Tests open the HTML review in Chromium and the workbook in LibreOffice. deps installs
# them through the system's package manager, and says so in one line where it cannot.
deps:
	@sh scripts/deps.sh

# Everything under the race detector; then the tests that drive the program as it is shipped, in
# processes of its own, which the detector cannot see and only slows.
test: deps
	$(GO) vet ./...
	$(GO) test -race -timeout 40m ./...
	$(GO) test -timeout 40m ./cmd/tenantaudit

# Without the browser and the office program: for the edit loop.
test-quick:
	TENANTAUDIT_NO_BROWSER=1 TENANTAUDIT_NO_OFFICE=1 $(GO) test ./...

# Every parser of foreign text against inputs made up on the way: a minute for each target,
# one after the other (FUZZTIME=10s make fuzz is shorter). Inputs that fail are kept in testdata/fuzz.
fuzz:
	@GO='$(GO)' sh scripts/fuzz.sh

# gofmt, go vet, staticcheck and golangci-lint by the rules of .golangci.yml, in the versions
# that tools/go.mod pins.
lint:
	@test -z "$$(gofmt -l cmd checks internal reports tools)" || { gofmt -l cmd checks internal reports tools; echo 'run gofmt'; exit 1; }
	$(GO) vet ./...
	sh scripts/tool.sh staticcheck ./...
	sh scripts/tool.sh golangci-lint run ./...

# Known vulnerabilities that the program can reach, by the database that tools/vulndb.pin names.
vuln:
	sh scripts/vuln.sh

# Archives for six platforms with their bills of materials (CycloneDX), NOTICE and checksums, in dist/.
release:
	$(GO) run ./internal/release build -out dist -version '$(VERSION)' -epoch "$$(git log -1 --format=%ct)" -platforms '$(PLATFORMS)'

# Builds the release twice, in other folders, and compares every byte; holds a bill of
# materials against the published schema.
release-check:
	sh scripts/release-check.sh
	cd tools && $(GO) test ./...

# Writes NOTICE from the licences of the modules that are compiled in.
notice:
	$(GO) run ./internal/release notice

check: lint test

# Cmdlets and requests per mailbox beside the least that the contract allows; the time of 10,000
# mailboxes at 600 ms a cmdlet and eight in flight, in simulated time; then a whole audit of 10,000
# and of 100,000 mailboxes: wall, processor time and memory by stage, beside a client that asks
# mailbox by mailbox (half an hour; BENCH_MAILBOXES=1000,10000 is shorter). Last, what is used of a
# limit that the service sets, and how long a change of it takes to be followed, in simulated time.
BENCH_MAILBOXES ?= 10000,100000
bench: build
	TENANTAUDIT_BENCH=1 $(GO) test -count=1 -timeout 40m -v -run 'TestRequestsPerMailbox|TestWallTimeFigures' ./internal/benchmark
	$(GO) run ./internal/benchmark -bin $(BIN) -mailboxes $(BENCH_MAILBOXES)
	TENANTAUDIT_BENCH=1 $(GO) test -count=1 -v -run TestThrottlingFigures ./internal/transport

# What writing and reading the review of 100,000 mailboxes with 1.2 million permissions takes: time,
# memory and size of each writer, and of the page in Chromium, beside a plain table.
bench-reports: deps
	TENANTAUDIT_BENCH=1 $(GO) test -count=1 -timeout 40m -run 'TestReportFigures$$' -v ./reports

# A tenant whose every text was written by an attacker, opened in Chromium, in LibreOffice and on a terminal.
redteam: deps
	TENANTAUDIT_REDTEAM=all $(GO) test -count=1 -timeout 40m -v -run RedTeam ./cmd/tenantaudit

# The program is killed hundreds of times, under every fault of the simulator alone, in pairs
# and all together: most of an hour. CHAOS=2 is another seed.
CHAOS ?= 1
chaos:
	TENANTAUDIT_CHAOS=$(CHAOS) $(GO) test -count=1 -timeout 180m -v -run TestChaosOfEverything ./cmd/tenantaudit

# Recall, precision and severity of every check on the simulated tenant with 5,000
# mailboxes and known answers, and the clean tenant, on which nothing may be found.
accuracy: build
	$(GO) run ./internal/accuracy -bin $(BIN)

# Pictures of every view of the page and every sheet of the workbook, from a fresh demo.
pictures: deps build
	sh scripts/pictures.sh $(BIN) docs/pictures

clean:
	rm -rf bin dist review-demo
