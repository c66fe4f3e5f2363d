package transport

import (
	"fmt"
	"io"
	"log/slog"
)

// hidden stands for every secret that is printed.
const hidden = "[secret]"

// Secret is text that must never be printed: a token, a password. Every way of
// formatting it gives "[secret]"; Reveal is the only way to the text. It must not be a
// map key: encoding/json writes keys of string type as they are.
type Secret string

// Reveal returns the text itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

func (Secret) String() string { return hidden }

// GoString serves %#v.
func (Secret) GoString() string { return hidden }

// Format serves every verb, %x and %q included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalJSON serves encoding/json.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText serves encoders that ask for text, XML and YAML among them.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue serves log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
