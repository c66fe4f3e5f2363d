package faketenant

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
)

// SignIn says how the token endpoint checks who signs in, and where it stops to do so. The
// zero value takes any assertion of the right type and approves every device code at once.
type SignIn struct {
	// Certificates are registered with the application. When there is one, a client assertion
	// must be signed by the key of one of them and be about this application and endpoint.
	Certificates []*x509.Certificate
	// Federated is the federated credential of the application, for workload identities.
	Federated *Federated
	// Device is what the token endpoint answers while a person is at the code, one value for
	// each time it is asked: DevicePending, DeviceSlowDown, DeviceDeclined, DeviceExpired. After
	// the last of them the code is approved.
	Device []string
	// Cloud is the national cloud that the tenant lives in: global (or ""), usgov, usgovdod, china.
	Cloud string
	// From the RefuseFrom-th token request on, counted from 1, sign-in is refused with RefuseWith
	// until AcceptSignIn is called. Polls of a device code are not counted.
	RefuseFrom int
	RefuseWith string
}

// Federated is a federated credential: whose tokens sign in, and the key that signs them.
type Federated struct {
	Issuer, Subject, Audience string
	Key                       crypto.PublicKey // *rsa.PublicKey
}

// Values of SignIn.Device.
const (
	DevicePending  = "authorization_pending"
	DeviceSlowDown = "slow_down"
	DeviceDeclined = "authorization_declined"
	DeviceExpired  = "expired_token"
)

// check refuses what has no meaning.
func (s SignIn) check() error {
	if _, ok := nationalClouds[s.Cloud]; !ok {
		return fmt.Errorf("faketenant: cloud %q is not known", s.Cloud)
	}
	for _, d := range s.Device {
		if _, ok := deviceAnswers[d]; !ok {
			return fmt.Errorf("faketenant: device answer %q is not known", d)
		}
	}
	if _, ok := signInErrors[s.RefuseWith]; s.RefuseFrom < 0 || ok != (s.RefuseFrom > 0) {
		return fmt.Errorf("faketenant: sign-in refused from request %d on with %q", s.RefuseFrom, s.RefuseWith)
	}
	if f := s.Federated; f != nil && (f.Issuer == "" || f.Subject == "" || f.Audience == "" || f.Key == nil) {
		return fmt.Errorf("faketenant: the federated credential is incomplete")
	}
	return nil
}

// signInState is what the authority remembers.
type signInState struct {
	mu         sync.Mutex
	grants     []string       // kinds of the token requests so far, in their order
	polls      map[string]int // device code -> how often it was asked for
	accepting  bool           // AcceptSignIn was called
	challenged int64          // a token must be asked for with a claim of this time or later; 0: none
	stale      map[uint64]bool
	withdrawn  map[string]bool // audience -> the consent is gone
}

// AcceptSignIn ends the refusal of SignIn.RefuseFrom.
func (t *Tenant) AcceptSignIn() {
	t.signIn.mu.Lock()
	defer t.signIn.mu.Unlock()
	t.signIn.accepting = true
}

// TokenRequests lists the grant types of the token requests so far, in their order, and
// "devicecode" and "authorize" for each time that a person was asked.
func (t *Tenant) TokenRequests() []string {
	t.signIn.mu.Lock()
	defer t.signIn.mu.Unlock()
	return slices.Clone(t.signIn.grants)
}

// asked notes a request, and reports whether sign-in is refused from here on.
func (t *Tenant) asked(grant string) (refused bool) {
	s := &t.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants = append(s.grants, grant)
	n := 0
	for _, g := range s.grants {
		if g != "devicecode" && g != "authorize" && g != grantDevicePoll {
			n++
		}
	}
	return t.opt.SignIn.RefuseFrom > 0 && n >= t.opt.SignIn.RefuseFrom && !s.accepting
}

// polled counts the requests for a device code and gives the answer to this one; "" approves.
func (t *Tenant) polled(code string) string {
	s := &t.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.polls == nil {
		s.polls = map[string]int{}
	}
	n := s.polls[code]
	if n >= len(t.opt.SignIn.Device) {
		return ""
	}
	s.polls[code]++
	return t.opt.SignIn.Device[n]
}
