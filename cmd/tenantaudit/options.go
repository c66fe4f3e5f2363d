package main

import (
	"bufio"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"tenantaudit/checks"
	"tenantaudit/internal/auth"
	"tenantaudit/internal/snapshot"
	"tenantaudit/reports"
)

// connectOptions say whom to sign in as, and where.
type connectOptions struct {
	tenant, auth, clientID, certificate, cloud string
	graphURL, exchangeURL, authorityURL        string
	caCertificate, requestLog                  string
	maxConcurrency                             int
	maxRequestsPerSecond                       float64

	// filled by validate
	env                                    auth.Cloud
	graphBase, exchangeBase, authorityBase *url.URL
	azureBase, devOpsBase                  *url.URL // nil unless they are to be looked at
	roots                                  *x509.CertPool
}

func (o *connectOptions) bind(f *pflag.FlagSet) {
	f.StringVar(&o.tenant, "tenant", "", "tenant id or a verified domain (also AZURE_TENANT_ID)")
	f.StringVar(&o.auth, "auth", auth.Default, "how to sign in: "+strings.Join(auth.Methods(), ", "))
	f.StringVar(&o.clientID, "client-id", "", "application id of the app registration (also AZURE_CLIENT_ID)")
	f.StringVar(&o.certificate, "certificate", "", "certificate with private key, PEM or PFX (password: AZURE_CLIENT_CERTIFICATE_PASSWORD)")
	f.StringVar(&o.cloud, "cloud", "global", "global, usgov, usgovdod or china")
	f.StringVar(&o.graphURL, "graph-url", "", "base URL of Microsoft Graph instead of the cloud's")
	f.StringVar(&o.exchangeURL, "exchange-url", "", "base URL of the Exchange admin API instead of the cloud's")
	f.StringVar(&o.authorityURL, "authority-url", "", "base URL of the sign-in authority instead of the cloud's")
	f.StringVar(&o.caCertificate, "ca-certificate", "", "PEM file of a certificate authority to trust besides the system's, for a proxy that inspects traffic or the simulator")
	f.StringVar(&o.requestLog, "request-log", "", "write every request (method, URL without values, cmdlet, status, bytes, duration) to this file")
	f.IntVar(&o.maxConcurrency, "max-concurrency", 0, "ceiling of requests in flight per service (0: found by itself)")
	f.Float64Var(&o.maxRequestsPerSecond, "max-requests-per-second", 0, "ceiling of requests per second per service (0: found by itself)")
}

func (o *connectOptions) validate() (err error) {
	if o.env, err = auth.CloudByName(o.cloud); err != nil {
		return usageError("--cloud: %s", err)
	}
	if o.tenant == "" {
		return usageError("no tenant given: pass --tenant with the tenant id or a verified domain, or set AZURE_TENANT_ID")
	}
	if !validTenant(o.tenant) {
		return usageError("--tenant %q is neither a tenant id nor a domain name", o.tenant)
	}
	if !slices.Contains(auth.Methods(), o.auth) {
		return usageError("unknown --auth %q: use one of %s", o.auth, strings.Join(auth.Methods(), ", "))
	}
	if o.graphBase, err = baseURL("--graph-url", o.graphURL, o.env.Graph); err != nil {
		return err
	}
	if o.exchangeBase, err = baseURL("--exchange-url", o.exchangeURL, o.env.Exchange); err != nil {
		return err
	}
	if o.authorityURL != "" {
		if o.authorityBase, err = baseURL("--authority-url", o.authorityURL, ""); err != nil {
			return err
		}
	}
	if o.maxConcurrency < 0 || o.maxRequestsPerSecond < 0 {
		return usageError("--max-concurrency and --max-requests-per-second must not be negative")
	}
	return o.loadCA()
}

func (o *connectOptions) loadCA() error {
	if o.caCertificate == "" {
		return nil
	}
	pem, err := os.ReadFile(o.caCertificate)
	if err != nil {
		return usageError("--ca-certificate %s: %s", o.caCertificate, reason(err))
	}
	if o.roots, err = x509.SystemCertPool(); err != nil {
		o.roots = x509.NewCertPool()
	}
	if !o.roots.AppendCertsFromPEM(pem) {
		return usageError("--ca-certificate %s: no PEM certificate in it", o.caCertificate)
	}
	return nil
}

// validTenant accepts what can stand in a path: letters, digits, dots and hyphens.
func validTenant(s string) bool {
	if len(s) > 255 || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-') {
			return false
		}
	}
	return strings.Contains(s, ".") || len(s) == 36
}

// baseURL reads an endpoint: scheme, host and port. http is for loopback hosts only,
// because a token would cross the network in the open.
func baseURL(flag, value, fallback string) (*url.URL, error) {
	if value == "" {
		value = fallback
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, usageError("%s %q is not a URL like https://host:port", flag, value)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, usageError("%s %q: give scheme, host and port only", flag, value)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, usageError("%s %q: http is accepted for loopback hosts only, a token must not cross the network unencrypted; use https", flag, value)
	}
	u.Path = ""
	return u, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// scopeOptions say what to look at.
type scopeOptions struct {
	checks, skipChecks []string
	mailboxes, folders string
	noPreflight        bool

	// filled by validate
	chosen    []checks.Check
	addresses map[string]bool // nil: no file of addresses
	filter    string          // OPATH; "" none
	earlier   *earlierRun     // filled by audit; nil: everything is read
}

func (o *scopeOptions) bind(f *pflag.FlagSet) {
	f.StringSliceVar(&o.checks, "checks", nil, "check ids or areas to run (default: all)")
	f.StringSliceVar(&o.skipChecks, "skip-checks", nil, "check ids or areas to leave out")
	f.StringVar(&o.mailboxes, "mailboxes", "", "audit a subset: a file with one address per line, or an OPATH filter")
	f.StringVar(&o.folders, "folders", "default", "folders whose permissions are read: default, all or none")
}

func (o *scopeOptions) validate() (err error) {
	if o.chosen, err = checks.Select(o.checks, o.skipChecks); err != nil {
		return usageError("%s; see tenantaudit checks list", err)
	}
	if !slices.Contains([]string{"default", "all", "none"}, o.folders) {
		return usageError("unknown --folders %q: use default, all or none", o.folders)
	}
	return o.readMailboxes()
}

// maxMailboxLine bounds one line of the address list: an address has at most 320
// characters.
const maxMailboxLine = 1024

func (o *scopeOptions) readMailboxes() error {
	if o.mailboxes == "" {
		return nil
	}
	st, err := os.Stat(o.mailboxes)
	if err != nil || st.IsDir() {
		if strings.Contains(o.mailboxes, " -") { // "RecipientTypeDetails -eq 'SharedMailbox'"
			o.filter = o.mailboxes
			return nil
		}
		return usageError("--mailboxes %q is neither a readable file nor an OPATH filter such as \"RecipientTypeDetails -eq 'SharedMailbox'\"", o.mailboxes)
	}
	f, err := os.Open(o.mailboxes)
	if err != nil {
		return usageError("--mailboxes %s: %s", o.mailboxes, reason(err))
	}
	defer f.Close()
	o.addresses = map[string]bool{}
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, maxMailboxLine)
	line := 0
	for scan.Scan() {
		line++
		text := strings.TrimSpace(strings.TrimPrefix(scan.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if !strings.Contains(text, "@") || strings.ContainsAny(text, " \t\x00,;<>") {
			return usageError("--mailboxes %s, line %d: %q is not an address", o.mailboxes, line, clip(text))
		}
		o.addresses[strings.ToLower(text)] = true
	}
	if err := scan.Err(); err != nil {
		return usageError("--mailboxes %s, line %d: %s", o.mailboxes, line+1, err)
	}
	if len(o.addresses) == 0 {
		return usageError("--mailboxes %s holds no address", o.mailboxes)
	}
	return nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// describe says in the review what the run was limited to; "" for the whole tenant.
func (o *scopeOptions) describe() string {
	switch {
	case o.filter != "":
		return "mailboxes matching " + o.filter
	case o.addresses != nil:
		return fmt.Sprintf("%d mailboxes named in a list (SHA-256 %s)", len(o.addresses), o.listSum()[:12])
	}
	return ""
}

// listSum tells one list of addresses from another.
func (o *scopeOptions) listSum() string {
	sum := sha256.Sum256([]byte(strings.Join(sortedKeys(o.addresses), "\n")))
	return hex.EncodeToString(sum[:])
}

// datasets are those that the chosen checks need; all of them when nothing was chosen.
func (o *scopeOptions) datasets() []snapshot.Dataset {
	if len(o.checks) == 0 && len(o.skipChecks) == 0 {
		return snapshot.Datasets()
	}
	var out []snapshot.Dataset
	for _, c := range o.chosen {
		out = append(out, c.Datasets()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// outputOptions say what to write.
type outputOptions struct {
	out             string
	formats         []string
	failOn          string
	requireCoverage bool
	judgement       checks.Options
	redact          bool
	redactKeyFile   string
	redactKey       []byte // nil: a new one
	title           string
	preparedBy      string
	language        string
	logoFile        string
	logo            reports.Logo
}

const defaultFormats = "xlsx,html,json"

var formats = []string{"xlsx", "html", "json", "csv", "ocsf"}

func (o *outputOptions) bind(f *pflag.FlagSet, out string) {
	f.StringVar(&o.out, "out", "", out)
	o.bindReport(f)
}

func (o *outputOptions) bindReport(f *pflag.FlagSet) {
	f.StringSliceVar(&o.formats, "format", strings.Split(defaultFormats, ","), "what to write: "+strings.Join(formats, ", "))
	f.BoolVar(&o.redact, "redact", false, "also write a copy with pseudonyms for names, addresses and ids, to "+shareableFolder+"/ in the folder of the review")
	f.StringVar(&o.redactKeyFile, "redact-key", "", "a "+redactionKey+" of an earlier review, for the same pseudonyms (default: a new key)")
	f.StringVar(&o.title, "title", "", "name of the review, on the cover and at the top of the page (default: Microsoft 365 security review)")
	f.StringVar(&o.preparedBy, "prepared-by", "", "who made the review, on the cover")
	f.StringVar(&o.language, "language", "en", "of the workbook and the page: "+strings.Join(reports.Languages(), ", ")+"; report.json and CSV files stay English")
	f.StringVar(&o.logoFile, "logo", "", "a PNG or JPEG picture for the cover and the page, of at most 1 MiB")
	o.bindVerdict(f)
}

// readCover looks at what is to stand on the cover before anything is asked of a tenant.
func (o *outputOptions) readCover() error {
	if o.language == "" {
		o.language = reports.Languages()[0]
	}
	if !slices.Contains(reports.Languages(), o.language) {
		return usageError("unknown --language %q: use %s", o.language, strings.Join(reports.Languages(), ", "))
	}
	for _, one := range []struct{ flag, text string }{{"title", o.title}, {"prepared-by", o.preparedBy}} {
		if n := utf8.RuneCountInString(one.text); n > coverText || !utf8.ValidString(one.text) {
			return usageError("--%s: give a text of at most %d characters", one.flag, coverText)
		}
	}
	if o.logoFile == "" {
		return nil
	}
	data, err := readSmall(o.logoFile, 2<<20)
	if err != nil {
		return usageError("--logo %s: %s", o.logoFile, reason(err))
	}
	if o.logo, err = reports.NewLogo(data); err != nil {
		return usageError("--logo %s: %s", o.logoFile, err)
	}
	return nil
}

// coverText is how long a title may be, in characters.
const coverText = 200

// readSmall reads a file, but not beyond a limit.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

func (o *outputOptions) bindVerdict(f *pflag.FlagSet) {
	f.StringVar(&o.failOn, "fail-on", "", "exit 3 when a finding of this severity or worse exists: critical, high, medium or low")
	f.IntVar(&o.judgement.AuditRetentionDays, "audit-retention-days", checks.DefaultAuditRetentionDays, "how long audit records are needed, in days")
	f.IntVar(&o.judgement.WideReach, "wide-reach", 0, "number of mailboxes from which on a reach is wide (default: 10 or 2 % of them, whichever is more)")
	f.BoolVar(&o.requireCoverage, "require-coverage", false, "exit 4 when a chosen check could not be evaluated in full")
}

// resume repeats what was chosen for the review, as far as it is not the default.
func (o *outputOptions) resume(add func(flag, value string), on func(flag string)) {
	if list := strings.Join(o.formats, ","); list != defaultFormats {
		add("format", list)
	}
	add("fail-on", o.failOn)
	if o.requireCoverage {
		on("require-coverage")
	}
	if o.judgement.AuditRetentionDays != checks.DefaultAuditRetentionDays {
		add("audit-retention-days", strconv.Itoa(o.judgement.AuditRetentionDays))
	}
	if o.judgement.WideReach != 0 {
		add("wide-reach", strconv.Itoa(o.judgement.WideReach))
	}
	if o.redact {
		on("redact")
	}
	add("redact-key", o.redactKeyFile)
	add("title", o.title)
	add("prepared-by", o.preparedBy)
	if o.language != "en" {
		add("language", o.language)
	}
	add("logo", o.logoFile)
}

var failSeverities = []string{"critical", "high", "medium", "low"}

func (o *outputOptions) validate() error {
	for _, f := range o.formats {
		if !slices.Contains(formats, f) {
			return usageError("unknown --format %q: use any of %s", f, strings.Join(formats, ", "))
		}
	}
	if err := errors.Join(o.readRedactKey(), o.readCover()); err != nil {
		return err
	}
	if o.judgement.AuditRetentionDays < 1 {
		return usageError("--audit-retention-days %d: give a number of days of at least 1", o.judgement.AuditRetentionDays)
	}
	if o.judgement.WideReach < 0 {
		return usageError("--wide-reach %d: give a number of mailboxes, or 0 for the default", o.judgement.WideReach)
	}
	if o.failOn != "" && !slices.Contains(failSeverities, o.failOn) {
		return usageError("unknown --fail-on %q: use one of %s", o.failOn, strings.Join(failSeverities, ", "))
	}
	return nil
}
