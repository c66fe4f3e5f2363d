package faketenant

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // #nosec G505 -- x5t is a SHA-1 thumbprint by definition
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// assertion checks a signed statement that takes the place of a secret. The answer is the code
// of the error. Without a registered certificate or federation any assertion signs in.
func (x *exchange) assertion(text, client string) string {
	s := x.t.opt.SignIn
	if len(s.Certificates) == 0 && s.Federated == nil {
		return ""
	}
	a, err := parseAssertion(text)
	if err != nil {
		return "AADSTS50027"
	}
	if f := s.Federated; f != nil && (len(s.Certificates) == 0 || a.claims.Issuer == f.Issuer) {
		return a.federated(f)
	}
	return a.ofCertificate(s.Certificates, client, x.origin()+x.r.URL.Path)
}

// signedAssertion is a JWT, taken apart.
type signedAssertion struct {
	header struct {
		Algorithm     string `json:"alg"`
		Thumbprint    string `json:"x5t"`
		Thumbprint256 string `json:"x5t#S256"`
	}
	claims struct {
		Audience  audiences `json:"aud"`
		Issuer    string    `json:"iss"`
		Subject   string    `json:"sub"`
		Expires   int64     `json:"exp"`
		NotBefore int64     `json:"nbf"`
		ID        string    `json:"jti"`
	}
	signed    string
	signature []byte
}

// audiences is "aud": a text or a list of them.
type audiences []string

func (a *audiences) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

func parseAssertion(text string) (a signedAssertion, err error) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 3 {
		return a, errors.New("want three parts")
	}
	var raw [3][]byte
	for i, p := range parts {
		if raw[i], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			return a, err
		}
	}
	a.signed, a.signature = parts[0]+"."+parts[1], raw[2]
	return a, errors.Join(json.Unmarshal(raw[0], &a.header), json.Unmarshal(raw[1], &a.claims))
}

// ofCertificate checks an assertion that the application signed with its own key.
func (a signedAssertion) ofCertificate(registered []*x509.Certificate, client, endpoint string) string {
	i := slices.IndexFunc(registered, func(c *x509.Certificate) bool { return a.names(c) })
	if i < 0 {
		return SignInBadCertificate
	}
	cert, now := registered[i], time.Now()
	switch {
	case !verified(cert.PublicKey, a.header.Algorithm, a.signed, a.signature):
		return SignInBadCertificate
	case now.After(cert.NotAfter) || now.Before(cert.NotBefore):
		return SignInNoCertificate
	case a.claims.Issuer != client || a.claims.Subject != client:
		return "AADSTS700021"
	case len(a.claims.Audience) != 1 || !strings.EqualFold(a.claims.Audience[0], endpoint):
		return "AADSTS700023"
	case !a.inTime(now):
		return "AADSTS700024"
	case a.claims.ID == "":
		return "AADSTS50027"
	}
	return ""
}

// names reports whether the header names a certificate by its thumbprint.
func (a signedAssertion) names(c *x509.Certificate) bool {
	if a.header.Thumbprint256 != "" {
		sum := sha256.Sum256(c.Raw)
		return sameThumbprint(a.header.Thumbprint256, sum[:])
	}
	sum := sha1.Sum(c.Raw) // #nosec G401 -- x5t is a SHA-1 thumbprint by definition
	return a.header.Thumbprint != "" && sameThumbprint(a.header.Thumbprint, sum[:])
}

// sameThumbprint compares without regard to the alphabet: libraries write either form.
func sameThumbprint(text string, sum []byte) bool {
	text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
	return subtle.ConstantTimeCompare([]byte(text), []byte(base64.RawURLEncoding.EncodeToString(sum))) == 1
}

// inTime allows five minutes of difference between clocks.
func (a signedAssertion) inTime(now time.Time) bool {
	const skew = 300
	return now.Unix() <= a.claims.Expires+skew && now.Unix() >= a.claims.NotBefore-skew
}

// federated checks the token of another issuer.
func (a signedAssertion) federated(f *Federated) string {
	switch {
	case a.claims.Issuer != f.Issuer:
		return "AADSTS700211"
	case a.claims.Subject != f.Subject:
		return "AADSTS700213"
	case !slices.Contains(a.claims.Audience, f.Audience):
		return "AADSTS700212"
	case !verified(f.Key, a.header.Algorithm, a.signed, a.signature):
		return "AADSTS50013"
	case !a.inTime(time.Now()):
		return "AADSTS700024"
	}
	return ""
}

// verified checks a signature of RS256 or PS256.
func verified(key crypto.PublicKey, algorithm, signed string, signature []byte) bool {
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return false
	}
	sum := sha256.Sum256([]byte(signed))
	switch algorithm {
	case "RS256":
		return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], signature) == nil
	case "PS256":
		return rsa.VerifyPSS(pub, crypto.SHA256, sum[:], signature, nil) == nil
	}
	return false
}
