package faketenant

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// challenge is met by tokens that are asked for with its claim.
func (t *Tenant) challenge(now int64) {
	s := &t.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	s.challenged = now
}

// challengeAnswered remembers a token that was asked for without the claims of the last
// challenge: the services go on refusing it.
func (t *Tenant) challengeAnswered(token, requested string) {
	s := &t.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.challenged == 0 {
		return
	}
	var want struct {
		AccessToken struct {
			NotBefore struct{ Value string } `json:"nbf"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(requested), &want) == nil {
		if at, err := strconv.ParseInt(want.AccessToken.NotBefore.Value, 10, 64); err == nil && at >= s.challenged {
			return
		}
	}
	var c claims
	if t.decode(token, &c) {
		if s.stale == nil {
			s.stale = map[uint64]bool{}
		}
		s.stale[c.Serial] = true
	}
}

// unanswered returns the time of the challenge that a token does not meet; 0 for none.
func (t *Tenant) unanswered(c claims) int64 {
	s := &t.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.challenged != 0 && s.stale[c.Serial] {
		return s.challenged
	}
	return 0
}

// withdraw takes the roles and scopes out of a token whose consent is gone.
func (t *Tenant) withdraw(c *claims) {
	if t.consentGone(audienceOf(c.Audience)) {
		c.Roles, c.Scopes = nil, ""
	}
}

func (t *Tenant) consentGone(audience string) bool {
	s := &t.signIn
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withdrawn[audience]
}

// withoutConsent refuses what the identity was allowed before, once the fault of the service
// has hit; true means that the answer was given.
func (x *exchange) withoutConsent(audience string, c claims) bool {
	name := FaultGraphConsent
	if audience == exchangeAudience {
		name = FaultExchangeConsent
	}
	if x.t.faults.fire(name, "", 0) {
		s := &x.t.signIn
		s.mu.Lock()
		if s.withdrawn == nil {
			s.withdrawn = map[string]bool{}
		}
		s.withdrawn[audience] = true
		s.mu.Unlock()
	}
	switch {
	case !x.t.consentGone(audience):
		return false
	case audience == graphAudience:
		x.graphError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	case len(c.Roles) == 0 && c.Scopes == "":
		x.exo(http.StatusUnauthorized, nil) // a token without any role does not even get in
	default:
		x.exo(http.StatusForbidden, []byte(`{"error":{"code":"Forbidden","message":"The role assigned to the application is no longer in force."}}`))
	}
	return true
}
