package transport

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what is believed; a budget decides what is waited.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads how long a service asks to wait, from the first of these that
// says something: Retry-After (seconds, a fraction, or a date in one of the three
// forms of RFC 9110, 5.6.7), retry-after-ms, and Rate-Limit-Reset when
// Rate-Limit-Remaining is 0. Dates count against the Date of the same answer, so that a
// wrong clock here does not matter. 0: nothing, unreadable, or past.
func RetryAfter(h http.Header) time.Duration {
	now := answerTime(h)
	if d := waitOf(h.Get("Retry-After"), now); d > 0 {
		return d
	}
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if d := fraction(h.Get(name), time.Millisecond); d > 0 {
			return d
		}
	}
	if strings.TrimSpace(h.Get("Rate-Limit-Remaining")) == "0" {
		return waitOf(h.Get("Rate-Limit-Reset"), now)
	}
	return 0
}

// answerTime is when the answer was made by the service's clock, or ours without one.
func answerTime(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

// waitOf reads seconds or a date.
func waitOf(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > 64 {
		return 0
	}
	if d := fraction(value, time.Second); d > 0 {
		return d
	}
	at, err := http.ParseTime(value)
	if err != nil {
		if at, err = time.Parse(time.RFC3339, value); err != nil {
			return 0
		}
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// decimal keeps out what strconv reads besides: signs, exponents, hex, "Inf", "NaN".
var decimal = regexp.MustCompile(`^[0-9]{1,12}(?:\.[0-9]{1,12})?$`)

func fraction(value string, unit time.Duration) time.Duration {
	value = strings.TrimSpace(value)
	if !decimal.MatchString(value) {
		return 0
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return 0 // unreachable: every match of decimal is a float
	}
	d := n * float64(unit)
	if d >= float64(maxRetryAfter) {
		return maxRetryAfter
	}
	return time.Duration(math.Ceil(d))
}

var claimsParameter = regexp.MustCompile(`(?i)(?:^|[,\s])claims\s*=\s*"([A-Za-z0-9+/_=-]+)"`)

// Claims returns the decoded claims challenge of a 401's WWW-Authenticate, or "".
// Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
func Claims(h http.Header) string {
	for _, value := range h.Values("Www-Authenticate") {
		found := claimsParameter.FindStringSubmatch(value)
		if found == nil {
			continue
		}
		text := strings.TrimRight(found[1], "=")
		text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
		plain, err := base64.RawStdEncoding.DecodeString(text)
		if err == nil && json.Valid(plain) {
			return string(plain)
		}
	}
	return ""
}
