package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	pageSize     = 1000 // the service's own ceiling
	batchItems   = 10   // more than ten are not known to work
	maxValue     = 32 << 10
	maxListItems = 1000
	maxSelect    = 150
)

// systemAnchor is the routing hint for calls that concern no single mailbox: the
// same system mailbox exists in every organization.
// Source: https://learn.microsoft.com/exchange/reference/admin-api-get-started
const systemAnchor = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"

// refuse is a refusal of the guard; nothing was sent.
func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrGuard, escape(Redact(fmt.Sprintf(format, args...))))
}

// checked is a command that the guard has agreed to, with its parameters in the
// form in which they are encoded.
type checked struct {
	Command
	parameters map[string]any
}

// check holds a command against the compiled table.
func check(c Command) (checked, error) {
	rows, known := cmdlets[c.Cmdlet]
	if !known {
		return checked{}, refuse("cmdlet %.64q is not on the list", c.Cmdlet)
	}
	values := make(map[string]any, len(c.Parameters))
	for name, value := range c.Parameters {
		row, known := rows[name]
		if !known {
			return checked{}, refuse("%s has no parameter %.64q on the list", c.Cmdlet, name)
		}
		plain, err := row.check(value)
		if err != nil {
			return checked{}, refuse("%s -%s: %v", c.Cmdlet, name, err)
		}
		if row.kind == identity {
			if err := namesFolder(c.Cmdlet, plain); err != nil {
				return checked{}, refuse("%s -%s: %v", c.Cmdlet, name, err)
			}
		}
		values[name] = plain
	}
	for name, row := range rows {
		if _, given := values[name]; row.required && !given {
			return checked{}, refuse("%s needs %s", c.Cmdlet, name)
		}
	}
	if err := checkSelect(c.Select); err != nil {
		return checked{}, refuse("%s: %v", c.Cmdlet, err)
	}
	if err := checkHeader("X-AnchorMailbox", c.Anchor); err != nil {
		return checked{}, refuse("%s: %v", c.Cmdlet, err)
	}
	if c.PageSize < 0 || c.PageSize > pageSize {
		return checked{}, refuse("%s: page size %d is not 1 to %d", c.Cmdlet, c.PageSize, pageSize)
	}
	return checked{Command: c, parameters: values}, nil
}

// check returns value in the one form in which it is encoded.
func (p parameter) check(value any) (any, error) {
	switch p.kind {
	case flag:
		if on, ok := value.(bool); ok {
			return on, nil
		}
		return nil, fmt.Errorf("%T is not a bool", value)
	case text, identity, instant:
		s, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("%T is not a string", value)
		}
		return s, p.checkText(s)
	case enum:
		return p.checkEnum(value)
	case list:
		items, ok := value.([]string)
		if !ok || len(items) == 0 || len(items) > maxListItems {
			return nil, fmt.Errorf("not a list of 1 to %d strings", maxListItems)
		}
		for _, item := range items {
			if err := checkIdentity(item); err != nil {
				return nil, err
			}
		}
		return slices.Clone(items), nil
	case pages:
		if value == "Unlimited" {
			return value, nil
		}
		return checkCount(value, math.MaxInt32)
	case count:
		return checkCount(value, 5000)
	}
	return nil, fmt.Errorf("kind %d is unknown", p.kind) // unreachable: the table holds no other kind
}

func (p parameter) checkText(s string) error {
	switch p.kind {
	case identity:
		return checkIdentity(s)
	case instant:
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if _, err := time.Parse(layout, s); err == nil {
				return nil
			}
		}
		return fmt.Errorf("%.40q is no date", s)
	default:
		if strings.TrimSpace(s) == "" {
			return fmt.Errorf("empty")
		}
		return checkPlain(s)
	}
}

// checkEnum accepts one name, a comma list in one string, or a list; each name in
// its exact spelling, for the service takes a prefix of a name and finds nothing.
func (p parameter) checkEnum(value any) (any, error) {
	var names []string
	switch v := value.(type) {
	case string:
		for name := range strings.SplitSeq(v, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	case []string:
		names = v
		value = slices.Clone(v)
	default:
		return nil, fmt.Errorf("%T is not a string or a list", value)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("empty list")
	}
	for _, name := range names {
		if !slices.Contains(p.names, name) {
			return nil, fmt.Errorf("%.64q is not one of its values", name)
		}
	}
	return value, nil
}

func checkCount(value any, most int64) (any, error) {
	var n int64
	switch v := value.(type) {
	case int:
		n = int64(v)
	case int32:
		n = int64(v)
	case int64:
		n = v
	default:
		return nil, fmt.Errorf("%T is not a count", value)
	}
	if n < 1 || n > most {
		return nil, fmt.Errorf("%d is not 1 to %d", n, most)
	}
	return n, nil
}

// checkIdentity refuses what could stand for every object or for the caller: text
// without a letter or digit (empty, blank, invisible characters, "*", ":\").
func checkIdentity(s string) error {
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return fmt.Errorf("names no object")
	}
	if strings.Contains(s, "*") {
		return fmt.Errorf("a wildcard names no single object")
	}
	if strings.EqualFold(strings.TrimSpace(s), "null") || strings.EqualFold(strings.TrimSpace(s), "$null") {
		return fmt.Errorf("null names no object")
	}
	return checkPlain(s)
}

// folderCmdlets take "mailbox:\Folder" or "mailbox:FolderId".
var folderCmdlets = []string{"Get-MailboxFolderPermission", "Get-MailboxCalendarFolder"}

// namesFolder refuses a folder of nobody: without a mailbox before the colon the
// caller's own is meant.
func namesFolder(cmdlet string, value any) error {
	id, _ := value.(string)
	if mailbox, _, found := strings.Cut(id, ":"); found && slices.Contains(folderCmdlets, cmdlet) {
		return checkIdentity(mailbox)
	}
	return nil
}

// checkPlain accepts text that is encoded as it stands: valid UTF-8 without control characters.
func checkPlain(s string) error {
	switch {
	case len(s) > maxValue:
		return fmt.Errorf("%d bytes are too long", len(s))
	case !utf8.ValidString(s):
		return fmt.Errorf("not UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("holds control characters")
	}
	return nil
}

var propertyName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,99}$`)

func checkSelect(names []string) error {
	if len(names) > maxSelect {
		return fmt.Errorf("%d properties are too many", len(names))
	}
	for _, name := range names {
		if !propertyName.MatchString(name) {
			return fmt.Errorf("%.64q is no property name", name)
		}
	}
	return nil
}

// query is the query of the first page.
func (c checked) query() string {
	if len(c.Select) == 0 {
		return ""
	}
	return "$select=" + strings.Join(c.Select, ",")
}

func (c checked) pageSize() int {
	if c.PageSize == 0 {
		return pageSize
	}
	return c.PageSize
}

// header holds what goes with one cmdlet, alone or inside a batch.
func (c checked) header(tenant string) map[string]string {
	h := map[string]string{
		"Content-Type":         "application/json; charset=utf-8",
		"Prefer":               "odata.maxpagesize=" + strconv.Itoa(c.pageSize()),
		"X-AnchorMailbox":      c.anchor(tenant),
		"X-CmdletName":         c.Cmdlet,
		"X-ResponseFormat":     "json",
		"X-SerializationLevel": "Partial",
	}
	if c.Routed {
		h["parameter-based-routing"] = "true"
	}
	return h
}

func (c checked) anchor(tenant string) string {
	if c.Anchor == "" {
		return systemAnchor + tenant
	}
	return c.Anchor
}

type cmdletInput struct {
	CmdletName string
	Parameters map[string]any // never nil: null is another request than {}
}

type invocation struct{ CmdletInput cmdletInput }

func (c checked) body() invocation {
	return invocation{cmdletInput{CmdletName: c.Cmdlet, Parameters: c.parameters}}
}

type batchRequest struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    invocation        `json:"body"`
}

// encode writes v as JSON with the characters of text left as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode command: %w", err) // unreachable: checked values are strings, bools, integers and lists
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// encodeBatch writes the body of $batch; links holds the checked URL of each item.
func encodeBatch(items []checked, ids []string, links []*url.URL, tenant string) ([]byte, error) {
	body := struct {
		Requests []batchRequest `json:"requests"`
	}{}
	for i, item := range items {
		body.Requests = append(body.Requests, batchRequest{
			ID: ids[i], Method: http.MethodPost, URL: links[i].String(), Headers: item.header(tenant), Body: item.body(),
		})
	}
	return encode(body)
}

var batchID = regexp.MustCompile(`^[A-Za-z0-9._:@-]{1,128}$`)

// checkItems holds the items of a batch against the table and the limits.
func checkItems(items []BatchItem) ([]checked, []string, error) {
	if len(items) < 1 || len(items) > batchItems {
		return nil, nil, refuse("a batch of %d items is not 1 to %d", len(items), batchItems)
	}
	var agreed []checked
	var ids []string
	for _, item := range items {
		if !batchID.MatchString(item.ID) {
			return nil, nil, refuse("batch item id %.64q", item.ID)
		}
		if slices.Contains(ids, item.ID) {
			return nil, nil, refuse("batch item id %.64q is not unique", item.ID)
		}
		c, err := check(item.Command)
		if err != nil {
			return nil, nil, err
		}
		agreed, ids = append(agreed, c), append(ids, item.ID)
	}
	return agreed, ids, nil
}
