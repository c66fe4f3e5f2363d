package faketenant

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// assertions of an application, signed by hand: each thing that is wrong has its own refusal.
func TestClientAssertionsAreVerified(t *testing.T) {
	key, cert := assertionKey(t, time.Now().Add(time.Hour))
	stranger, _ := assertionKey(t, time.Now().Add(time.Hour))
	old, oldCert := assertionKey(t, time.Now().Add(-time.Hour))
	tenant, options, srv := authority(t, Options{SignIn: SignIn{Certificates: []*x509.Certificate{oldCert, cert}}})
	endpoint := srv.URL + "/" + tenant.ID() + "/oauth2/v2.0/token"
	const client = "9b035418-6c11-51c5-bdcc-aa6a9f0cc567"
	sum1, sum256, oldSum := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw), sha256.Sum256(oldCert.Raw)
	for name, c := range map[string]struct {
		key    *rsa.PrivateKey
		change func(head, claims map[string]any)
		want   string
	}{
		"good": {key, func(_, _ map[string]any) {}, ""},
		"SHA-1 thumbprint": {key, func(h, _ map[string]any) {
			delete(h, "x5t#S256")
			h["x5t"] = base64.RawURLEncoding.EncodeToString(sum1[:])
		}, ""},
		"thumbprint in base64url": {key, func(h, _ map[string]any) { h["x5t#S256"] = base64.RawURLEncoding.EncodeToString(sum256[:]) }, ""},
		"no thumbprint":           {key, func(h, _ map[string]any) { delete(h, "x5t#S256") }, "AADSTS700027"},
		"signed by another key":   {stranger, func(_, _ map[string]any) {}, "AADSTS700027"},
		"not signed":              {key, func(h, _ map[string]any) { h["alg"] = "none" }, "AADSTS700027"},
		"an expired certificate":  {old, func(h, _ map[string]any) { h["x5t#S256"] = base64.StdEncoding.EncodeToString(oldSum[:]) }, "AADSTS1000502"},
		"another issuer":          {key, func(_, c map[string]any) { c["iss"] = "other" }, "AADSTS700021"},
		"another subject":         {key, func(_, c map[string]any) { c["sub"] = "other" }, "AADSTS700021"},
		"another endpoint":        {key, func(_, c map[string]any) { c["aud"] = endpoint + "/" }, "AADSTS700023"},
		"expired":                 {key, func(_, c map[string]any) { c["exp"] = time.Now().Add(-10 * time.Minute).Unix() }, "AADSTS700024"},
		"not yet valid":           {key, func(_, c map[string]any) { c["nbf"] = time.Now().Add(10 * time.Minute).Unix() }, "AADSTS700024"},
		"without an id":           {key, func(_, c map[string]any) { delete(c, "jti") }, "AADSTS50027"},
	} {
		head := map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.StdEncoding.EncodeToString(sum256[:])}
		claims := map[string]any{"aud": endpoint, "iss": client, "sub": client, "jti": "1", "nbf": time.Now().Unix(), "exp": time.Now().Add(10 * time.Minute).Unix()}
		c.change(head, claims)
		_, body := post(t, options.Transport, endpoint, url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "scope": {"https://graph.microsoft.com/.default"},
			"client_assertion_type": {assertionType}, "client_assertion": {sign(t, c.key, head, claims)}})
		text, _ := body["error_description"].(string)
		if !strings.HasPrefix(text, c.want) || (body["access_token"] == nil) != (c.want != "") {
			t.Errorf("%s: %v, want %q", name, body, c.want)
		}
	}
}

func assertionKey(t *testing.T, until time.Time) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "audit"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func sign(t *testing.T, key *rsa.PrivateKey, head, claims map[string]any) string {
	t.Helper()
	var parts []string
	for _, v := range []any{head, claims} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(b))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, ".")))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(parts, base64.RawURLEncoding.EncodeToString(sig)), ".")
}

func TestCodesAreBoundToWhoAskedForThem(t *testing.T) {
	tenant, options, srv := authority(t, Options{})
	client := options.Transport.(*http.Client)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	verifier := "a-random-text-of-the-application-that-nobody-else-knows"
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{"client_id": {"c"}, "scope": {"https://graph.microsoft.com/.default"}, "redirect_uri": {"http://localhost:8400"}, "response_type": {"code"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/"+tenant.ID()+"/oauth2/v2.0/authorize?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"good":             {func(url.Values) {}, ""},
		"another verifier": {func(v url.Values) { v.Set("code_verifier", verifier+"x") }, "AADSTS50148"},
		"no verifier":      {func(v url.Values) { v.Del("code_verifier") }, "AADSTS50148"},
		"another redirect": {func(v url.Values) { v.Set("redirect_uri", "http://localhost:8401") }, "AADSTS500112"},
		"another client":   {func(v url.Values) { v.Set("client_id", "d") }, "AADSTS70000"},
		"as a refresh":     {func(v url.Values) { v.Set("grant_type", "refresh_token"); v.Set("refresh_token", v.Get("code")) }, "AADSTS70000"},
	} {
		v := url.Values{"grant_type": {"authorization_code"}, "client_id": {"c"}, "code": {back.Query().Get("code")}, "redirect_uri": {"http://localhost:8400"}, "code_verifier": {verifier}}
		c.change(v)
		_, body := post(t, client, srv.URL+"/"+tenant.ID()+"/oauth2/v2.0/token", v)
		text, _ := body["error_description"].(string)
		if !strings.HasPrefix(text, c.want) || (body["access_token"] == nil) != (c.want != "") {
			t.Errorf("%s: %v, want %q", name, body, c.want)
		}
	}
}

// Consent that is taken away: refused from then on, and new tokens hold no role.
func TestConsentThatIsGone(t *testing.T) {
	c := start(t, Options{Mailboxes: 5, Faults: []Fault{{Name: FaultGraphConsent, At: 2}, {Name: FaultExchangeConsent, At: 2}}})
	for i, want := range []int{200, 403, 403} {
		if a := c.graph("organization", nil); a.status != want {
			t.Errorf("Graph, request %d: %d, want %d", i+1, a.status, want)
		}
	}
	held := map[string]string{"Authorization": "Bearer " + c.tenant.Token("https://outlook.office365.com")}
	for i, want := range []int{200, 403, 403} {
		if a := c.do(http.MethodPost, c.beta("InvokeCommand"), held, command("Get-AcceptedDomain", nil)); a.status != want {
			t.Errorf("Exchange, request %d: %d, want %d", i+1, a.status, want)
		}
	}
	fresh := c.tenant.Token("https://outlook.office365.com")
	if roles := payload(t, fresh)["roles"]; roles != nil {
		t.Errorf("a new token holds %v", roles)
	}
	if a := c.do(http.MethodPost, c.beta("InvokeCommand"), map[string]string{"Authorization": "Bearer " + fresh}, command("Get-AcceptedDomain", nil)); a.status != 401 {
		t.Errorf("Exchange with a token without a role: %d, want 401", a.status)
	}
}

func TestSignInOptionsThatHaveNoMeaning(t *testing.T) {
	for name, s := range map[string]SignIn{
		"cloud": {Cloud: "mars"}, "device": {Device: []string{"maybe"}}, "refusal without a code": {RefuseFrom: 1}, "code without a refusal": {RefuseWith: SignInWrongSecret},
		"unknown refusal": {RefuseFrom: 1, RefuseWith: "AADSTS1"}, "half a federation": {Federated: &Federated{Issuer: "https://a.example"}},
	} {
		if _, err := New(Options{Mailboxes: 5, SignIn: s}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
