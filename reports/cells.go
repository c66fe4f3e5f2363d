package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tenantaudit/internal/snapshot"
)

// rowKey is the name of the last column of every dataset in every report: the natural
// key that findings name as their evidence.
const rowKey = "rowKey"

// listSep joins the elements of a list in a cell.
const listSep = "; "

// timeText is how reports for people show a time.
const timeText = "2006-01-02 15:04:05"

// utc is RFC 3339 in UTC, with as many digits of a second as the time has.
func utc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// plain is a column value as one line of text: lists joined, objects in short. The
// second result is false for null.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case time.Time:
		return utc(v), true
	case []string:
		return strings.Join(v, listSep), true
	case []snapshot.Credential:
		parts := make([]string, len(v))
		for i, c := range v {
			parts[i] = credentialText(c)
		}
		return strings.Join(parts, listSep), true
	case []snapshot.ObjectRef:
		parts := make([]string, len(v))
		for i, o := range v {
			parts[i] = objectText(o)
		}
		return strings.Join(parts, listSep), true
	}
	return fmt.Sprint(v), true
}

// credentialText is a credential in short: "password on application, id 1f…, until 2027-01-31".
func credentialText(c snapshot.Credential) string {
	s := c.Kind
	if c.On != "" {
		s += " on " + c.On
	}
	if c.Usage != "" {
		s += ", " + c.Usage
	}
	if c.KeyID != "" {
		s += ", id " + c.KeyID
	}
	if c.Start != nil {
		s += ", from " + c.Start.UTC().Format(time.DateOnly)
	}
	if c.End == nil {
		return s + ", end unknown"
	}
	return s + ", until " + c.End.UTC().Format(time.DateOnly)
}

// objectText is a directory object in short: "Kim Larsen (user 1f…)".
func objectText(o snapshot.ObjectRef) string {
	return fmt.Sprintf("%s (%s)", o.Name, strings.TrimSpace(o.Type+" "+o.ID))
}

// excelEpoch is day 0 of a worksheet's dates.
var excelEpoch = time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)

// excelDate is the serial number of a time; false when a worksheet cannot hold it
// (before 1 March 1900, where its calendar is wrong, or after the year 9999).
func excelDate(t time.Time) (float64, bool) {
	t = t.UTC()
	if t.Year() < 1901 || t.Year() > 9999 {
		return 0, false
	}
	// Whole seconds: a Duration overflows after 292 years, and the format shows minutes.
	days := float64(t.Unix()-excelEpoch.Unix()) / 86400
	return math.Round(days*1e8) / 1e8, true
}

// exactInt reports whether a worksheet number holds n without rounding (15 digits).
func exactInt(n int64) bool { return n > -1e15 && n < 1e15 }
