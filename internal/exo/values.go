package exo

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// unlimited is how the service spells the absence of a limit in Unlimited<T> values.
const unlimited = "Unlimited"

// ParseDays reads a .NET TimeSpan ("90.00:00:00", "7:30:00", "-1.00:00:00") as whole
// days, rounded towards zero. ok is false for anything else, "Unlimited" included:
// no number of days says that.
func ParseDays(s string) (days int64, ok bool) {
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	clock := s
	if before, after, found := strings.Cut(s, "."); found && !strings.Contains(before, ":") {
		n, err := strconv.ParseUint(before, 10, 31)
		if err != nil || !digits(before) {
			return 0, false
		}
		days, clock = int64(n), after
	}
	clock, fraction, found := strings.Cut(clock, ".")
	if found && !digits(fraction) {
		return 0, false
	}
	parts := strings.Split(clock, ":")
	if len(parts) != 3 {
		return 0, false
	}
	for i, limit := range []int{23, 59, 59} {
		n, err := strconv.Atoi(parts[i])
		if err != nil || !digits(parts[i]) || n > limit {
			return 0, false
		}
	}
	if negative {
		days = -days
	}
	return days, true
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// ParseSize reads a ByteQuantifiedSize ("99 GB (106,300,440,576 bytes)") or a bare
// number as bytes. The grouping signs follow the culture of the server and are
// ignored. ok is false for anything else, "Unlimited" included.
func ParseSize(s string) (bytes int64, ok bool) {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '('); i >= 0 {
		inner, after, found := strings.Cut(s[i+1:], ")")
		if !found || strings.TrimSpace(after) != "" {
			return 0, false
		}
		inner, found = strings.CutSuffix(strings.TrimSpace(inner), "bytes")
		if !found {
			return 0, false
		}
		s = inner
	} else if !digits(s) {
		return 0, false
	}
	var n uint64
	seen := false
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9':
			d := uint64(r - '0')
			if n > (math.MaxInt64-d)/10 {
				return 0, false
			}
			n, seen = n*10+d, true
		case r == ',' || r == '.' || r == '\'' || r == '’' || unicode.IsSpace(r):
		default:
			return 0, false
		}
	}
	return int64(n), seen
}

// ParseDate reads a date of the service, with "Z", with an offset or without either
// (then it is taken as UTC), to the tenth of a microsecond. The result is UTC. A date
// whose offset takes it out of the years 0 to 9999 is none: neither the snapshot nor
// JSON could hold it.
func ParseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC()
			if t.Year() < 0 || t.Year() > 9999 {
				return time.Time{}, false
			}
			return t, true
		}
	}
	return time.Time{}, false
}

// clip cuts a text to at most n runes, for messages.
func clip(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
