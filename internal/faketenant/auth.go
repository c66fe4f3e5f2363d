package faketenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Audiences of access tokens. Graph also names itself by its application id.
const (
	graphAudience    = "https://graph.microsoft.com"
	exchangeAudience = "https://outlook.office365.com"
	azureAudience    = "https://management.azure.com"
	devOpsAudience   = "499b84ac-1321-427f-aa17-267ca6975798"
)

// audienceOf turns an audience or a scope into the audience of the service it belongs to;
// "" for any other. Hosts of the national clouds are accepted.
func audienceOf(s string) string {
	s = strings.TrimSuffix(strings.ToLower(s), "/.default")
	u, err := url.Parse(s)
	host := s
	if err == nil && u.Host != "" {
		host = u.Hostname()
	}
	switch {
	case host == graphAppID || strings.HasSuffix(host, "graph.microsoft.com") || strings.HasSuffix(host, "graph.microsoft.us") || host == "microsoftgraph.chinacloudapi.cn":
		return graphAudience
	case host == devOpsAudience:
		return devOpsAudience
	case strings.HasPrefix(host, "management."):
		return azureAudience
	case host == exchangeAppID || strings.HasPrefix(host, "outlook") && strings.Contains(host, "office") || host == "partner.outlook.cn" || host == "webmail.apps.mil":
		return exchangeAudience
	}
	return ""
}

// Token is a bearer that the Handler accepts for an audience such as
// "https://graph.microsoft.com" or "https://outlook.office365.com": the form of a JWT with the
// claims of a real one, but signed with nothing. With Options.Delegated it belongs to a
// person, else to an application. It expires after Options.TokenLifetime of the real clock.
func (t *Tenant) Token(audience string) string {
	return t.mint(audience, t.opt.Delegated, "")
}

// claims of an access token.
type claims struct {
	Audience   string   `json:"aud"`
	Issuer     string   `json:"iss"`
	IssuedAt   int64    `json:"iat"`
	NotBefore  int64    `json:"nbf"`
	Expires    int64    `json:"exp"`
	ACR        string   `json:"acr,omitempty"`
	AMR        []string `json:"amr,omitempty"`
	AppName    string   `json:"app_displayname"`
	AppID      string   `json:"appid"`
	AppIDACR   string   `json:"appidacr"`
	Type       string   `json:"idtyp"`
	Name       string   `json:"name,omitempty"`
	ObjectID   string   `json:"oid"`
	Roles      []string `json:"roles,omitempty"`
	Scopes     string   `json:"scp,omitempty"`
	Subject    string   `json:"sub"`
	Tenant     string   `json:"tid"`
	UniqueName string   `json:"unique_name,omitempty"`
	UPN        string   `json:"upn,omitempty"`
	Version    string   `json:"ver"`
	RoleIDs    []string `json:"wids"`
	Client     []string `json:"xms_cc,omitempty"`
	Serial     uint64   `json:"sim_serial"`
}

func (t *Tenant) mint(audience string, person bool, clientID string) string {
	now := time.Now()
	p := t.plan
	c := claims{
		Audience: audience, Issuer: "https://sts.windows.net/" + t.ID() + "/", IssuedAt: now.Unix(), NotBefore: now.Unix(),
		Expires: now.Add(t.opt.TokenLifetime).Unix(), AppName: p.auditor.p.display, AppID: p.auditor.appID, Tenant: t.ID(), Version: "1.0",
		Serial: t.serial.Add(1),
	}
	if clientID != "" {
		c.AppID = clientID
	}
	exchange := audienceOf(audience) == exchangeAudience
	if person {
		u := p.auditorUser
		c.ACR, c.AMR, c.AppIDACR, c.Type = "1", []string{"pwd", "mfa"}, "0", "user"
		c.Name, c.ObjectID, c.Subject, c.UniqueName, c.UPN = u.display, u.id.String(), p.key("subject", 0), u.upn, u.upn
		scopes := t.carries(exchange, true)
		if !exchange {
			scopes = append(scopes, "openid", "profile", "email")
		}
		c.Scopes = strings.Join(scopes, " ")
		c.RoleIDs = append(t.roles(), "b79fbf4d-3ef9-4689-8143-76b194e85509")
		c.Client = []string{"CP1"}
	} else {
		id := p.auditor.p.id.String()
		c.AppIDACR, c.Type, c.ObjectID, c.Subject = "1", "app", id, id
		c.Roles = t.carries(exchange, false)
		c.RoleIDs = append(t.roles(), "0997a1d0-0d1d-4acb-b408-d5ca73121e90")
	}
	t.withdraw(&c)
	return t.encode(c)
}

// encode writes a token; its last part ties it to this tenant.
func (t *Tenant) encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // unreachable: plain values
	}
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(b)
	return head + "." + t.seal(head)
}

func (t *Tenant) seal(head string) string {
	sum := sha256.Sum256([]byte("simulated tenant " + t.ID() + head))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// decode reads a token of this tenant; ok is false for any other text.
func (t *Tenant) decode(token string, into any) bool {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || subtle.ConstantTimeCompare([]byte(t.seal(token[:i])), []byte(token[i+1:])) != 1 {
		return false
	}
	_, payload, _ := strings.Cut(token[:i], ".")
	b, err := base64.RawURLEncoding.DecodeString(payload)
	return err == nil && json.Unmarshal(b, into) == nil
}

// authorized checks the bearer and answers 401 without a good one.
func (x *exchange) authorized(audience string) bool {
	c, ok := x.claims()
	if ok && x.t.faults.fire(FaultTokenExpired, "", 0) {
		x.t.revoked.Store(x.t.serial.Load())
	}
	now := time.Now().Unix()
	switch {
	case !ok, audienceOf(c.Audience) != audience, c.Tenant != x.t.ID(), c.Expires <= now, c.Serial <= x.t.revoked.Load():
		x.refuse(audience, "")
		return false
	case x.t.faults.fire(FaultCAE, "", 0):
		x.t.challenge(now)
		x.refuse(audience, nbfChallenge(now))
		return false
	}
	if at := x.t.unanswered(c); at != 0 {
		x.refuse(audience, nbfChallenge(at))
		return false
	}
	return !x.withoutConsent(audience, c)
}

// nbfChallenge asks for a token that was issued at a time or later.
func nbfChallenge(at int64) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"nbf":{"essential":true,"value":"` + itoa(int(at)) + `"}}}`))
}

// claims returns what the request's token says; false for a token that is not ours.
func (x *exchange) claims() (claims, bool) {
	var c claims
	scheme, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	ok := strings.EqualFold(scheme, "Bearer") && x.t.decode(token, &c)
	return c, ok
}

// refuse answers 401, with a claims challenge when there is one.
func (x *exchange) refuse(audience, challenge string) {
	client := graphAppID
	if audience == exchangeAudience {
		client = exchangeAppID
	}
	h := `Bearer realm="", authorization_uri="` + x.origin() + `/common/oauth2/authorize", client_id="` + client + `"`
	code, message := "InvalidAuthenticationToken", "Access token has expired or is not yet valid."
	if x.r.Header.Get("Authorization") == "" {
		message = "Access token is empty."
	}
	if challenge != "" {
		h += `, error="insufficient_claims", claims="` + challenge + `"`
		message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp"
	}
	x.w.Header().Set("WWW-Authenticate", h)
	if audience == exchangeAudience {
		x.exo(http.StatusUnauthorized, nil)
		return
	}
	x.graphError(http.StatusUnauthorized, code, message)
}
