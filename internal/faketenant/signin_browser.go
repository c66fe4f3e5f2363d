package faketenant

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// authorize signs a person in without asking and goes back to the application: by a redirect, or
// by a page with a form that a browser sends on (response_mode=form_post).
func (x *exchange) authorize() {
	x.t.asked("authorize")
	q := x.r.URL.Query()
	back := q.Get("redirect_uri")
	if u, err := url.Parse(back); err != nil || u.Scheme != "http" || u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		x.refused("AADSTS50011")
		return
	}
	result := url.Values{}
	if e, bad := signInErrors[x.t.opt.SignInError]; bad {
		result.Set("error", e.code)
		result.Set("error_description", x.t.opt.SignInError+": "+e.description)
	} else {
		c := code{Kind: kindAuthorize, Scope: q.Get("scope"), Client: q.Get("client_id"), Nonce: q.Get("nonce"), Redirect: back}
		if q.Get("code_challenge_method") == "S256" {
			c.Challenge = q.Get("code_challenge")
		}
		result.Set("code", x.t.encode(c))
	}
	if s := q.Get("state"); s != "" {
		result.Set("state", s)
	}
	if q.Get("response_mode") == "form_post" {
		x.formPost(back, result)
		return
	}
	sep := "?"
	if strings.Contains(back, "?") {
		sep = "&"
	}
	x.w.Header().Set("Location", back+sep+result.Encode())
	x.answer(http.StatusFound, "text/html", nil)
}

// formPost answers with a page whose form a browser sends to the application.
func (x *exchange) formPost(back string, result url.Values) {
	var b strings.Builder
	b.WriteString(`<html><head><title>Working...</title></head><body><form method="POST" name="hiddenform" action="` + html.EscapeString(back) + `">`)
	for _, name := range []string{"code", "error", "error_description", "state"} {
		if v := result.Get(name); v != "" {
			b.WriteString(`<input type="hidden" name="` + name + `" value="` + html.EscapeString(v) + `" />`)
		}
	}
	b.WriteString(`</form><script language="javascript">document.forms[0].submit();</script></body></html>`)
	x.answer(http.StatusOK, "text/html; charset=utf-8", []byte(b.String()))
}

// redeem checks what an authorization code is bound to; the answer is the code of the error.
func (c code) redeem(form url.Values) string {
	if back := form.Get("redirect_uri"); back != "" && back != c.Redirect {
		return "AADSTS500112"
	}
	if c.Challenge == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != strings.TrimRight(c.Challenge, "=") {
		return "AADSTS50148"
	}
	return ""
}
