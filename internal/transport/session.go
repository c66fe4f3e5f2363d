package transport

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
)

// Session is what the pages of one listing share so that the service routes them to
// the same back end: cookies and a connection id. A listing that is started over
// takes a new one. Safe for concurrent use.
type Session struct {
	jar http.CookieJar
	id  string
}

func newSession() *Session {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // unreachable: New fails for no options
	}
	return &Session{jar: jar, id: newID()}
}

// stamp adds the session to a request that the guard has agreed to.
func (s *Session) stamp(r *http.Request) {
	r.Header.Set("Connection-Id", s.id)
	for _, cookie := range s.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
}

// keep takes the cookies of an answer.
func (s *Session) keep(u *url.URL, r *http.Response) {
	if cookies := r.Cookies(); len(cookies) > 0 {
		s.jar.SetCookies(u, cookies)
	}
}

// newID returns a random GUID (version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
