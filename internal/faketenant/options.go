package faketenant

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Options says what tenant to make and how the services behave. The zero value is a
// tenant of 250 mailboxes with every situation, strict, without faults.
type Options struct {
	// Mailboxes is the number of active user, shared, room and equipment mailboxes; 0 means
	// 250, the least is 5. Every situation is present from 60 on; smaller tenants hold those that fit.
	// Group, inactive, public folder and discovery mailboxes come on top.
	Mailboxes int
	Seed      int64
	// ServicePrincipals are further applications, each with a consent and half of them with a permission.
	ServicePrincipals int
	// Profile is "default" (or "") or "clean": nothing to find, inventories still hold rows.
	Profile string
	// Deny lists what the identity may not read: cmdlet names ("Get-InboxRule"), segments of Graph
	// paths ("oauth2PermissionGrants", "roleEligibilitySchedules", "users") or names of datasets.
	Deny []string
	// DenyStyle is how Exchange refuses: "nul403" (or ""), "json403", "entity401", "400notfound".
	DenyStyle string
	// Grant is what the identity may do; nil: everything, as Global Reader with the usual
	// permissions. Deny takes away from either.
	Grant *Grant
	// Access names a Grant: one of AccessProfiles; "" for none.
	Access string
	// Latency passes before every HTTP answer, InvocationLatency before every cmdlet.
	Latency, InvocationLatency time.Duration
	// InFlight is how many requests Exchange works on at a time; one more is refused with 429, the text of
	// that limit and a Retry-After of a second. 0: any number.
	InFlight int
	Faults   []Fault
	Strict   *Strict // nil: DefaultStrict()
	// IgnoreResultSize pages as if ResultSize had not been sent, even for "Unlimited".
	// Otherwise ResultSize "Unlimited" still pages by maxpagesize, and a number caps the rows.
	IgnoreResultSize bool
	PageSizeCap      int       // largest page of Exchange and Graph lists; 0: 1000 and the documented ones
	Now              time.Time // the tenant's clock; zero: 2026-11-01T00:00:00Z

	ClientSecret  string        // accepted by the token endpoint; "" means SimulatorSecret
	TokenLifetime time.Duration // 0: one hour
	SignInError   string        // one of the SignIn… values; "" signs in
	SignIn        SignIn        // who may sign in, and the tenant's cloud
	// AzureRole is what the identity holds on SimulatedSubscription: "" or RoleLogReader, RoleNone, RoleActivityReader, RoleOwner.
	AzureRole string
	// DevOps is what it is in SimulatedOrganization: "" (may view the audit log), DevOpsDenied, DevOpsStranger.
	DevOps    string
	Delegated bool // Token and client credentials give tokens of a person
	NoP2      bool // no Entra ID P2: eligible roles answer 400 AadPremiumLicenseRequired
	// NoPremium: neither Entra ID P1 nor P2, so sign-in logs answer 403 as well; implies NoP2. The one product
	// that would hold the plans is suspended.
	NoPremium bool
	// Edits are what happened to single objects since: the same seed without them is the tenant before.
	Edits []Edit
	// PageLifetime is how long a page token of Exchange is good; 0: 30 minutes of the real clock.
	PageLifetime time.Duration
}

// Edit is a change of one mailbox or role group.
type Edit struct {
	Object  string    // primary address of a mailbox, or name of a role group
	Changed time.Time // its WhenChangedUTC from then on; zero: not sent
	Grant   string    // address of a person who gets Full Access, or becomes a member; "": nobody
	// Recreated gives it new ids of Exchange under the old name, as if it had been deleted and made again.
	Recreated bool
}

// SimulatorSecret is the client secret that the token endpoint accepts unless Options
// names another. It opens nothing but a simulator.
const SimulatorSecret = "simulator-only" // #nosec G101 -- not a secret

// Strict are the rules in which the simulator is stricter than what is known of the
// services, so that no client depends on leniency.
type Strict struct {
	BatchLimit        bool // an eleventh Exchange batch item, a twenty-first of Graph, fails with 400
	ContinueByPost    bool // GET on an InvokeCommand nextLink answers 405
	BindAnchor        bool // a page token used with another X-AnchorMailbox answers 400
	BindCookie        bool // a page token used without the cookie of page one answers 400
	BindHost          bool // a page token used at another host answers 400
	BindBody          bool // a page token used with another cmdlet or other parameters answers 400
	ReplayFails       bool // a page token used twice answers 400; off by default, reads may be retried
	ConsistencyOnPage bool // Graph: page two without the ConsistencyLevel of page one answers 400
	BetaOnly          bool // InvokeCommand and $batch on v1.0 answer 405
}

// DefaultStrict is every rule but ReplayFails.
func DefaultStrict() *Strict {
	return &Strict{BatchLimit: true, ContinueByPost: true, BindAnchor: true, BindCookie: true, BindHost: true,
		BindBody: true, ConsistencyOnPage: true, BetaOnly: true}
}

// Values of Options.SignInError.
const (
	SignInWrongSecret       = "AADSTS7000215" // 401 invalid_client
	SignInExpiredSecret     = "AADSTS7000222"
	SignInBadCertificate    = "AADSTS700027"
	SignInNoCertificate     = "AADSTS1000502"
	SignInConsentMissing    = "AADSTS65001"
	SignInConditionalAccess = "AADSTS53003"
	SignInUnknownTenant     = "AADSTS90002"
	SignInUnknownApp        = "AADSTS700016"
)

const (
	profileDefault = "default"
	profileClean   = "clean"

	minMailboxes = 5
	maxMailboxes = 1_000_000
)

// complete fills in defaults and refuses what has no meaning.
func (o Options) complete() (Options, error) {
	if o.Mailboxes == 0 {
		o.Mailboxes = 250
	}
	if o.Mailboxes < minMailboxes || o.Mailboxes > maxMailboxes {
		return o, fmt.Errorf("faketenant: %d mailboxes: want %d to %d", o.Mailboxes, minMailboxes, maxMailboxes)
	}
	if o.Profile == "" {
		o.Profile = profileDefault
	}
	if o.Profile != profileDefault && o.Profile != profileClean {
		return o, fmt.Errorf("faketenant: profile %q: want %s or %s", o.Profile, profileDefault, profileClean)
	}
	if o.DenyStyle == "" {
		o.DenyStyle = denyNUL
	}
	if !slices.Contains([]string{denyNUL, denyJSON, denyEntity, denyNotFound}, o.DenyStyle) {
		return o, fmt.Errorf("faketenant: deny style %q", o.DenyStyle)
	}
	if o.Strict == nil {
		o.Strict = DefaultStrict()
	}
	if o.PageSizeCap < 0 {
		return o, errors.New("faketenant: negative page size cap")
	}
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	}
	o.Now = o.Now.UTC()
	if o.ClientSecret == "" {
		o.ClientSecret = SimulatorSecret
	}
	if err := o.grant(); err != nil {
		return o, err
	}
	o.NoP2 = o.NoP2 || o.NoPremium
	if o.TokenLifetime == 0 {
		o.TokenLifetime = time.Hour
	}
	if o.PageLifetime == 0 {
		o.PageLifetime = 30 * time.Minute
	}
	if o.SignInError != "" {
		if _, ok := signInErrors[o.SignInError]; !ok {
			return o, fmt.Errorf("faketenant: sign-in error %q is not known", o.SignInError)
		}
	}
	if err := o.SignIn.check(); err != nil {
		return o, err
	}
	for _, f := range o.Faults {
		if err := f.check(); err != nil {
			return o, err
		}
	}
	return o, nil
}
