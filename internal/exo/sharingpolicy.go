package exo

import (
	"encoding/json"
	"strings"
)

// SharingPolicy says what calendars and contacts users may share with whom outside.
//
// Source: Get-SharingPolicy.
type SharingPolicy struct {
	Row
	Name     string
	Identity string
	Guid     string
	Enabled  *bool
	Default  *bool
	// Domains are entries "domain:action, action"; the domain may be "*" or Anonymous. Blanks vary.
	Domains []string
}

// DecodeSharingPolicy reads one stored row.
func DecodeSharingPolicy(raw json.RawMessage) (SharingPolicy, error) {
	r, err := parseRow(raw)
	if err != nil {
		return SharingPolicy{}, err
	}
	v := SharingPolicy{
		Name:     r.text("Name"),
		Identity: r.text("Identity"),
		Guid:     r.text("Guid"),
		Enabled:  r.flag("Enabled"),
		Default:  r.flag("Default"),
		Domains:  r.sharingDomains("Domains"),
	}
	v.Row = r
	return v, nil
}

// sharingDomains reads a list of texts, or of objects with Domain and Actions; nil for
// null and not sent.
func (r *Row) sharingDomains(name string) []string {
	list, isList := r.value(name).([]any)
	if !isList {
		return r.list(name)
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		entry, isObject := e.(map[string]any)
		if !isObject {
			if s, ok := scalar(e); ok {
				out = append(out, s)
			} else {
				r.odd(name)
			}
			continue
		}
		domain, _ := scalar(entry["Domain"])
		actions, isText := scalar(entry["Actions"])
		if several, ok := entry["Actions"].([]any); ok {
			isText = true
			var names []string
			for _, a := range several {
				if s, ok := scalar(a); ok {
					names = append(names, s)
				}
			}
			actions = strings.Join(names, ", ")
		}
		if domain == "" || !isText {
			r.odd(name)
			continue
		}
		out = append(out, domain+":"+actions)
	}
	return out
}
