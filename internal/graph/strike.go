package graph

import (
	"encoding/json"
	"slices"
	"strings"
)

// inspect returns a row fit for storing and its id; "" when the row is no object or
// has no id that is text. The row has been walked before, so that it is valid.
//
// Replaced by null is what is, or hints at, a secret: key, secretText, hint and
// customKeyIdentifier below keyCredentials or passwordCredentials, and secretText
// anywhere. Everything else stays byte for byte. These names are compared without
// regard to case: here too much is better than too little.
func inspect(row json.RawMessage) (clean json.RawMessage, id string) {
	type span struct{ start, end int }
	var out []span
	err := walk(row, func(path []string, start, end int) {
		own := path[len(path)-1]
		switch strings.ToLower(own) {
		case "id":
			if own == "id" && len(path) == 1 && row[0] == '{' {
				_ = json.Unmarshal(row[start:end], &id) // a number leaves "" behind
			}
			return
		case "secrettext":
		case "key", "hint", "customkeyidentifier":
			if !slices.ContainsFunc(path[:len(path)-1], isCredentials) {
				return
			}
		default:
			return
		}
		// Inner members are visited first: one that lies inside this one goes with it.
		for len(out) > 0 && out[len(out)-1].start >= start {
			out = out[:len(out)-1]
		}
		out = append(out, span{start, end})
	})
	if err != nil {
		// unreachable: the page was walked as a whole. Nothing unread is stored.
		return json.RawMessage("null"), ""
	}
	if len(out) == 0 {
		return row, id
	}
	var b []byte
	from := 0
	for _, s := range out {
		b = append(b, row[from:s.start]...)
		b = append(b, "null"...)
		from = s.end
	}
	return append(b, row[from:]...), id
}

func isCredentials(name string) bool {
	return strings.EqualFold(name, "keyCredentials") || strings.EqualFold(name, "passwordCredentials")
}
