package transport

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// renewing is a source whose first token the service refuses.
type renewing struct {
	mu     sync.Mutex
	tokens []string // handed out one after the other on renewal
	asked  []string // claims of each renewal
	plain  int      // renewals without a challenge
	fail   error
}

func (r *renewing) Token(_ context.Context, _, claims string) (Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if claims != "" {
		r.asked = append(r.asked, claims)
		if r.fail != nil {
			return Token{}, r.fail
		}
		r.tokens = r.tokens[1:]
	}
	return Token{Value: Secret(r.tokens[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (r *renewing) Renew(context.Context, string) (Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plain++
	r.tokens = r.tokens[1:]
	return Token{Value: Secret(r.tokens[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

const (
	challenge      = `Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7InZhbHVlIjoiMSJ9fX0="`
	challengeClaim = `{"access_token":{"nbf":{"value":"1"}}}`
)

func TestRenewalIsShared(t *testing.T) {
	for _, header := range []string{challenge, `Bearer error="invalid_token"`} {
		synctest.Test(t, func(t *testing.T) {
			source := &renewing{tokens: []string{"old-token", "new-token"}}
			c := cloud(t)
			c.Tokens = source
			s := stack(t, c, func(r *http.Request) (*http.Response, error) {
				time.Sleep(100 * time.Millisecond)
				if r.Header.Get("Authorization") == "Bearer old-token" {
					return reply(401, "", "Www-Authenticate", header), nil
				}
				return reply(200, "{}"), nil
			})
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if _, err := s.Get(t.Context(), getUsers(t)); err != nil {
						t.Errorf("get: %v", err)
					}
				})
			}
			wg.Wait()
			if len(source.asked)+source.plain != 1 {
				t.Errorf("%d renewals with a challenge, %d without; want one in all", len(source.asked), source.plain)
			}
			if header == challenge && (len(source.asked) != 1 || source.asked[0] != challengeClaim) {
				t.Errorf("claims = %q, want %q", source.asked, challengeClaim)
			}
		})
	}
}

func TestSecond401IsDenied(t *testing.T) {
	source := &renewing{tokens: []string{"one", "two", "three"}}
	c := cloud(t)
	c.Tokens = source
	s := stack(t, c, script(t, answer(401, ""), answer(401, "")))
	_, err := s.Get(t.Context(), getUsers(t))
	if !errors.Is(err, ErrDenied) || source.plain != 1 {
		t.Errorf("error = %v after %d renewals; want ErrDenied after one", err, source.plain)
	}
}

func TestDenied401IsNotRenewed(t *testing.T) {
	source := &renewing{tokens: []string{"one", "two"}}
	c := cloud(t)
	c.Tokens = source
	s := stack(t, c, script(t, answer(401, `{"error":{"message":"User is not allowed to call Get-Mailbox"}}`)))
	_, err := s.Invoke(t.Context(), nil, Command{Cmdlet: "Get-Mailbox"}, func(*Response) Outcome {
		return Outcome{Verdict: Denied, Err: &serviceError{Code: "not allowed"}}
	})
	if !errors.Is(err, ErrDenied) || source.plain+len(source.asked) != 0 {
		t.Errorf("error = %v after %d renewals; want ErrDenied and none", err, source.plain+len(source.asked))
	}
}

func TestRenewalThatFails(t *testing.T) {
	source := &renewing{tokens: []string{"one"}, fail: errors.New("interaction required for " + canary)}
	c := cloud(t)
	c.Tokens = source
	s := stack(t, c, script(t, answer(401, "", "Www-Authenticate", challenge)))
	if _, err := s.Get(t.Context(), getUsers(t)); !errors.Is(err, ErrSignIn) || errors.Is(err, ErrDenied) {
		t.Errorf("error = %v, want ErrSignIn alone", err)
	}
}

func TestNoToken(t *testing.T) {
	c := cloud(t)
	cause := errors.New("device code expired")
	c.Tokens = sourceFunc(func(context.Context, string, string) (Token, error) { return Token{}, cause })
	s := stack(t, c, trap(t))
	_, err := s.Get(t.Context(), getUsers(t))
	if !errors.Is(err, ErrSignIn) || !errors.Is(err, cause) || s.Counters(Graph).Requests != 0 {
		t.Errorf("error = %v, %d requests; want ErrSignIn with its cause and none", err, s.Counters(Graph).Requests)
	}
	c.Tokens = sourceFunc(func(context.Context, string, string) (Token, error) { return Token{}, nil })
	s = stack(t, c, trap(t))
	if _, err := s.Get(t.Context(), getUsers(t)); !errors.Is(err, ErrSignIn) {
		t.Errorf("empty token: error = %v, want ErrSignIn", err)
	}
}

// A sign-in takes a person's time and does not count against the answer's.
func TestSlowSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloud(t)
		c.Tokens = sourceFunc(func(context.Context, string, string) (Token, error) {
			time.Sleep(10 * time.Minute)
			return Token{Value: canary}, nil
		})
		s := stack(t, c, script(t, answer(200, "{}")))
		if _, err := s.Get(t.Context(), getUsers(t)); err != nil {
			t.Error(err)
		}
	})
}
