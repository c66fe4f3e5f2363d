package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenantaudit/checks"
	"tenantaudit/internal/faketenant"
)

// auditWith runs audit with the client secret into a folder.
func (a *authority) auditWith(t *testing.T, dir string, more ...string) (code int, errs string) {
	t.Helper()
	code, _, errs = tenantaudit(t, t.Context(), a.args("audit", "client-secret", append([]string{"--out", dir, "--format", "json"}, more...)...)...)
	return code, errs
}

// undisturbed is the report of the same tenant without a fault.
func undisturbed(t *testing.T) []byte {
	t.Helper()
	_, dir := demoReport(t, "--mailboxes", "5")
	return requestsOut(withoutTimes(t, dir))
}

// A token that ends in the middle of the run is renewed once for all who wait, whichever way
// the service or the clock says so.
func TestSignInIsRenewedInTheMiddleOfARun(t *testing.T) {
	want := undisturbed(t)
	withSecret(t)
	for name, c := range map[string]struct {
		o    faketenant.Options
		most int
	}{
		// Two at the start and one more for each service.
		"expired":       {faketenant.Options{Faults: []faketenant.Fault{{Name: faketenant.FaultTokenExpired, At: 30}}}, 4},
		"expired twice": {faketenant.Options{Faults: []faketenant.Fault{{Name: faketenant.FaultTokenExpired, At: 30}, {Name: faketenant.FaultTokenExpired, At: 120}}}, 6},
		"revoked":       {faketenant.Options{Faults: []faketenant.Fault{{Name: faketenant.FaultCAE, At: 30}}}, 4},
		// The library renews five minutes before the end: one second is left.
		"short-lived": {faketenant.Options{TokenLifetime: 301 * time.Second}, 30},
	} {
		t.Run(name, func(t *testing.T) {
			a := signInAt(t, c.o)
			dir := filepath.Join(t.TempDir(), "review")
			if code, errs := a.auditWith(t, dir); code != exitOK {
				t.Fatalf("exit %d\n%s", code, errs)
			}
			sameBytes(t, "report", requestsOut(withoutTimes(t, dir)), want)
			n := len(a.TokenRequests())
			if n > c.most || len(c.o.Faults) > 0 && n < 3 {
				t.Errorf("%d token requests, want at least 3 and at most %d", n, c.most)
			}
		})
	}
}

// A sign-in that is refused in the middle ends the run: what was read is kept, and the same
// command goes on from there.
func TestSignInRefusedInTheMiddleOfARun(t *testing.T) {
	want := undisturbed(t)
	withSecret(t)
	for code, cause := range map[string]string{
		faketenant.SignInExpiredSecret:     "the client secret has expired",
		faketenant.SignInConditionalAccess: "Conditional Access blocks this sign-in",
	} {
		t.Run(code, func(t *testing.T) {
			a := signInAt(t, faketenant.Options{SignIn: faketenant.SignIn{RefuseFrom: 3, RefuseWith: code},
				Faults: []faketenant.Fault{{Name: faketenant.FaultTokenExpired, At: 30}}})
			dir := filepath.Join(t.TempDir(), "review")
			exit, errs := a.auditWith(t, dir)
			if exit != exitFailed {
				t.Fatalf("exit %d, want 1\n%s", exit, errs)
			}
			for _, w := range []string{cause, code, "Everything read so far is kept. Go on with:\n  tenantaudit audit --tenant " + a.ID() + " --auth client-secret", "--out " + dir + " --resume"} {
				if !strings.Contains(errs, w) {
					t.Errorf("%q lacks %q", errs, w)
				}
			}
			if n := len(a.TokenRequests()); n > 4 {
				t.Errorf("%d token requests: after a refusal nobody asks again", n)
			}
			read := len(a.Log())
			a.AcceptSignIn()
			if exit, errs := a.auditWith(t, dir, "--resume"); exit != exitOK {
				t.Fatalf("resumed: exit %d\n%s", exit, errs)
			}
			sameBytes(t, "the resumed report", requestsOut(withoutTimes(t, dir)), want)
			if again := len(a.Log()) - read; read < 30 || again < 10 {
				t.Errorf("%d requests before and %d after: the cut was not in the middle", read, again)
			}
		})
	}
}

// The permissions are taken away in the middle: what was read stays, the rest is denied, and no
// check that needs it passes.
func TestConsentRemovedInTheMiddleOfARun(t *testing.T) {
	withSecret(t)
	whole, _ := demoReport(t, "--mailboxes", "5", "--profile", "clean")
	passes := map[string]bool{}
	for _, c := range whole.Checks {
		passes[c.ID] = c.Status == "pass" || c.Status == "info"
	}
	for fault, prefix := range map[string]string{faketenant.FaultGraphConsent: "graph", faketenant.FaultExchangeConsent: "exchange"} {
		for _, renewed := range []bool{false, true} {
			name := prefix
			faults := []faketenant.Fault{{Name: fault, At: 12}}
			if renewed { // and the next token comes without the role
				name += ", token renewed"
				faults = append(faults, faketenant.Fault{Name: faketenant.FaultTokenExpired, At: 60})
			}
			t.Run(name, func(t *testing.T) {
				a := signInAt(t, faketenant.Options{Profile: "clean", Faults: faults})
				dir := filepath.Join(t.TempDir(), "review")
				if code, errs := a.auditWith(t, dir); code != exitOK {
					t.Fatalf("exit %d\n%s", code, errs)
				}
				r := readReport(t, dir)
				state := map[string]string{}
				denied, complete := 0, 0
				for _, c := range r.Coverage {
					state[c.Dataset] = c.State
					switch c.State {
					case "complete":
						complete++
					case "denied", "partial":
						denied++
						if !slices.ContainsFunc(c.Reasons, func(r struct{ Cause, Detail string }) bool { return r.Cause == "missing-privilege" }) {
							t.Errorf("%s is %s because of %v, want missing-privilege", c.Dataset, c.State, c.Reasons)
						}
					default:
						t.Errorf("%s is %s: %v", c.Dataset, c.State, c.Reasons)
					}
				}
				if denied < 3 || complete < 3 {
					t.Errorf("%d datasets are denied and %d complete: the cut was not in the middle", denied, complete)
				}
				blind := 0
				for _, c := range r.Checks {
					lost := false
					for _, d := range needs(t, c.ID) {
						lost = lost || state[d] != "complete"
					}
					switch {
					case lost && c.Status != "not-evaluated":
						t.Errorf("%s is %s, and something of it was denied", c.ID, c.Status)
					case lost && c.Cause == "":
						t.Errorf("%s does not say why it was not evaluated", c.ID)
					case lost:
						blind++
					case passes[c.ID] && c.Status == "not-evaluated":
						t.Errorf("%s is not evaluated (%s), and all of it was read", c.ID, c.Cause)
					}
				}
				if blind == 0 {
					t.Error("no check is blind")
				}
			})
		}
	}
}

func needs(t *testing.T, id string) (out []string) {
	t.Helper()
	list, err := checks.Select([]string{id}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		for _, d := range c.Needs {
			out = append(out, string(d))
		}
	}
	return out
}

// Ready tokens cannot be renewed. When they end in the middle, the run ends with the next step,
// and goes on with new ones.
func TestSignInWithReadyTokensThatEnd(t *testing.T) {
	want := undisturbed(t)
	a := signInAt(t, faketenant.Options{Faults: []faketenant.Fault{{Name: faketenant.FaultTokenExpired, At: 60}}})
	withTokens(t, a.Tenant)
	dir := filepath.Join(t.TempDir(), "review")
	audit := func(more ...string) (int, string) {
		code, _, errs := tenantaudit(t, t.Context(), a.args("audit", "token", append(more, "--out", dir, "--format", "json")...)...)
		return code, errs
	}
	code, errs := audit()
	if code != exitFailed || !strings.Contains(errs, "fetch new tokens") || !strings.Contains(errs, "--auth token") || !strings.Contains(errs, "--resume\n") {
		t.Fatalf("exit %d, %q; want 1 and how to go on", code, errs)
	}
	withTokens(t, a.Tenant)
	if code, errs := audit("--resume"); code != exitOK {
		t.Fatalf("resumed: exit %d\n%s", code, errs)
	}
	sameBytes(t, "the resumed report", requestsOut(withoutTimes(t, dir)), want)
}

// A person's sign-in is renewed without asking again, also after a revocation.
func TestSignInOfAPersonIsRenewedSilently(t *testing.T) {
	a := signInAt(t, faketenant.Options{Faults: []faketenant.Fault{{Name: faketenant.FaultCAE, At: 20}, {Name: faketenant.FaultCAE, At: 60}}})
	dir := filepath.Join(t.TempDir(), "review")
	code, _, errs := tenantaudit(t, t.Context(), a.args("audit", "device-code", "--out", dir, "--format", "json")...)
	if code != exitOK || strings.Count(errs, "SIMULATE1") != 1 {
		t.Fatalf("exit %d, the person was asked %d times\n%s", code, strings.Count(errs, "SIMULATE1"), errs)
	}
	got := a.TokenRequests()
	if len(got) < 4 || slices.ContainsFunc(got[2:], func(g string) bool { return g != "refresh_token" }) {
		t.Errorf("token requests %q, want one code and refresh tokens after it", got)
	}
	for _, c := range readReport(t, dir).Coverage {
		if c.State != "complete" {
			t.Errorf("%s is %s", c.Dataset, c.State)
		}
	}
}

// The tenant's cloud and name are known before anybody signs in.
func TestSignInStopsBeforeTheWrongCloud(t *testing.T) {
	withSecret(t)
	a := signInAt(t, faketenant.Options{SignIn: faketenant.SignIn{Cloud: "usgovdod"}})
	dir := filepath.Join(t.TempDir(), "review")
	args := a.args("audit", "client-secret", "--out", dir, "--format", "json")
	args[2] = a.DefaultDomain()
	code, _, errs := tenantaudit(t, t.Context(), args...)
	want := "tenantaudit: " + a.DefaultDomain() + " is a tenant of the US government cloud of the Department of Defense: use --cloud usgovdod\n"
	if code != exitUsage || errs != want || len(a.Log()) != 1 {
		t.Errorf("exit %d, %q after %d requests; want 2 and %q after one", code, errs, len(a.Log()), want)
	}
	a.requested(t)
	if code, _, errs := tenantaudit(t, t.Context(), append(args, "--cloud", "usgovdod")...); code != exitOK {
		t.Errorf("with the right cloud: exit %d\n%s", code, errs)
	}
	args[2] = "contosso.example"
	code, _, errs = tenantaudit(t, t.Context(), args...)
	if code != exitUsage || !strings.Contains(errs, "--tenant contosso.example") || !strings.Contains(errs, "typing error") || strings.Count(errs, "\n") != 1 {
		t.Errorf("unknown tenant: exit %d, %q", code, errs)
	}
}

// A domain is what the authority says it is, whatever tenant the token is of: a managed identity
// signs in to its own tenant only.
func TestSignInWithATokenOfAnotherTenant(t *testing.T) {
	a, other := signInAt(t, faketenant.Options{}), signInAt(t, faketenant.Options{Seed: 2})
	if a.ID() == other.ID() {
		t.Fatal("two seeds give one tenant id")
	}
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"expires_on":"%d","token_type":"Bearer"}`, other.Token(r.URL.Query().Get("resource")), time.Now().Add(time.Hour).Unix())
	}))
	t.Cleanup(identity.Close)
	t.Setenv("IDENTITY_ENDPOINT", identity.URL)
	t.Setenv("IDENTITY_HEADER", "proof")
	args := a.args("preflight", "managed-identity")
	args[2] = a.DefaultDomain()
	code, _, errs := tenantaudit(t, t.Context(), args...)
	if code != exitUsage || !strings.Contains(errs, "the Graph token is for tenant "+other.ID()+", but --tenant "+a.DefaultDomain()+" is "+a.ID()) {
		t.Errorf("exit %d, %q", code, errs)
	}
	if n := len(a.Log()); n != 1 {
		t.Errorf("%d requests, want the one of the discovery", n)
	}
}
