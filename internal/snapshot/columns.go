package snapshot

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Kind is the type of a column, for writers that need typed cells.
type Kind string

// The kinds of columns. Every kind may be null.
const (
	KindText   Kind = "text"
	KindBool   Kind = "bool"
	KindInt    Kind = "int"
	KindTime   Kind = "time"
	KindList   Kind = "list"   // []string
	KindObject Kind = "object" // []Credential, []ObjectRef
)

// Column is one column of a dataset.
type Column struct {
	Name string // JSON key, CSV header
	Kind Kind
	Key  bool // part of the natural key
}

type datasetType struct {
	set Dataset
	typ reflect.Type
}

// rowTypes binds each dataset to its row type, in report order.
var rowTypes = []datasetType{
	{SKUs, reflect.TypeFor[SKU]()},
	{UserLicences, reflect.TypeFor[UserLicence]()},
	{OrganizationConfigs, reflect.TypeFor[OrganizationConfig]()},
	{UnifiedAudits, reflect.TypeFor[UnifiedAudit]()},
	{Mailboxes, reflect.TypeFor[Mailbox]()},
	{AuditBypasses, reflect.TypeFor[AuditBypass]()},
	{InboxRules, reflect.TypeFor[InboxRule]()},
	{TransportRules, reflect.TypeFor[TransportRule]()},
	{RemoteDomains, reflect.TypeFor[RemoteDomain]()},
	{OutboundSpamPolicies, reflect.TypeFor[OutboundSpamPolicy]()},
	{Connectors, reflect.TypeFor[Connector]()},
	{AcceptedDomains, reflect.TypeFor[AcceptedDomain]()},
	{MailboxPermissions, reflect.TypeFor[MailboxPermission]()},
	{SendAs, reflect.TypeFor[SendAsPermission]()},
	{SendOnBehalf, reflect.TypeFor[SendOnBehalfDelegate]()},
	{FolderPermissions, reflect.TypeFor[FolderPermission]()},
	{ServicePrincipals, reflect.TypeFor[ServicePrincipal]()},
	{OAuth2PermissionGrants, reflect.TypeFor[OAuth2PermissionGrant]()},
	{AppRoleAssignments, reflect.TypeFor[AppRoleAssignment]()},
	{DirectoryRoleAssignments, reflect.TypeFor[DirectoryRoleAssignment]()},
	{ExchangeRoleAssignments, reflect.TypeFor[ExchangeRoleAssignment]()},
	{ApplicationAccessPolicies, reflect.TypeFor[ApplicationAccessPolicy]()},
	{GroupMembers, reflect.TypeFor[GroupMember]()},
	{Users, reflect.TypeFor[User]()},
	{TransportConfigs, reflect.TypeFor[TransportConfig]()},
	{CASMailboxes, reflect.TypeFor[CASMailbox]()},
	{SharingPolicies, reflect.TypeFor[SharingPolicy]()},
	{AuthorizationPolicies, reflect.TypeFor[AuthorizationPolicy]()},
	{AdminConsentPolicies, reflect.TypeFor[AdminConsentPolicy]()},
	{RoleAssignmentSchedules, reflect.TypeFor[RoleAssignmentSchedule]()},
	{ManagementRoleAssignments, reflect.TypeFor[ManagementRoleAssignment]()},
	{EffectiveAccess, reflect.TypeFor[AccessRow]()},
}

// Datasets lists every dataset in report order.
func Datasets() []Dataset {
	out := make([]Dataset, len(rowTypes))
	for i, t := range rowTypes {
		out[i] = t.set
	}
	return out
}

// layout is what reflection knows of a row type.
type layout struct {
	set   Dataset
	typ   reflect.Type
	cols  []Column
	index [][]int // field index of each column
	keys  []int   // positions in cols of the key columns
}

var layouts = sync.OnceValue(func() map[reflect.Type]*layout {
	m := make(map[reflect.Type]*layout, len(rowTypes))
	for _, t := range rowTypes {
		l := &layout{set: t.set, typ: t.typ}
		for _, f := range reflect.VisibleFields(t.typ) {
			if f.Anonymous {
				continue
			}
			_, key := f.Tag.Lookup("key")
			l.cols = append(l.cols, Column{Name: f.Tag.Get("json"), Kind: kindOf(f.Type), Key: key})
			l.index = append(l.index, f.Index)
			if key {
				l.keys = append(l.keys, len(l.cols)-1)
			}
		}
		m[t.typ] = l
	}
	return m
})

func kindOf(t reflect.Type) Kind {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return KindTime
	case t.Kind() == reflect.String:
		return KindText
	case t.Kind() == reflect.Bool:
		return KindBool
	case t.Kind() == reflect.Int64:
		return KindInt
	case t == reflect.TypeFor[[]string]():
		return KindList
	}
	return KindObject
}

func layoutOf(row any) *layout {
	t := reflect.TypeOf(row)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	l := layouts()[t]
	if l == nil {
		panic(fmt.Sprintf("snapshot: %s is not the row type of a dataset", t))
	}
	return l
}

func layoutFor(d Dataset) *layout {
	for _, t := range rowTypes {
		if t.set == d {
			return layouts()[t.typ]
		}
	}
	return nil
}

// Columns lists the columns of a dataset in order; nil for a name that is none.
func Columns(d Dataset) []Column {
	if l := layoutFor(d); l != nil {
		return l.cols
	}
	return nil
}

// DatasetOf is the dataset that a row belongs to.
func DatasetOf(row any) Dataset { return layoutOf(row).set }

// Values returns the column values of a row in the order of Columns: string, bool,
// int64, time.Time, []string, []Credential, []ObjectRef, or nil for null.
func Values(row any) []any {
	l := layoutOf(row)
	v := reflect.Indirect(reflect.ValueOf(row))
	out := make([]any, len(l.cols))
	for i, ix := range l.index {
		f := v.FieldByIndex(ix)
		switch f.Kind() {
		case reflect.Pointer:
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		case reflect.Slice:
			if f.IsNil() {
				continue
			}
		}
		out[i] = f.Interface()
	}
	return out
}

// NewRow is an empty row of a dataset's row type; false for a name that is no dataset.
func NewRow(set Dataset) (any, bool) {
	for _, t := range rowTypes {
		if t.set == set {
			return reflect.Zero(t.typ).Interface(), true
		}
	}
	return nil, false
}

// Key is the natural key of a row: its key columns joined by "|". A "|" or "%" inside
// a value is written %7C or %25, so that two rows never share a key by accident.
func Key(row any) string {
	l := layoutOf(row)
	v := reflect.Indirect(reflect.ValueOf(row))
	parts := make([]string, len(l.keys))
	for i, k := range l.keys {
		switch f := v.FieldByIndex(l.index[k]); f.Kind() {
		case reflect.Bool:
			parts[i] = strconv.FormatBool(f.Bool())
		default:
			parts[i] = escapeKey(f.String())
		}
	}
	return strings.Join(parts, "|")
}

var keyEscaper = strings.NewReplacer("%", "%25", "|", "%7C")

func escapeKey(s string) string {
	if !strings.ContainsAny(s, "|%") {
		return s
	}
	return keyEscaper.Replace(s)
}

// createSQL is the table of a dataset: clustered by its key, so that rows come out sorted.
func (l *layout) createSQL() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %q(", l.set)
	for i, c := range l.cols {
		typ := "TEXT"
		if c.Kind == KindBool || c.Kind == KindInt {
			typ = "INTEGER"
		}
		null := ""
		if c.Key {
			null = " NOT NULL"
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q %s%s", c.Name, typ, null)
	}
	b.WriteString(", PRIMARY KEY(" + l.keyList() + ")) STRICT, WITHOUT ROWID")
	return b.String()
}

func (l *layout) keyList() string {
	names := make([]string, len(l.keys))
	for i, k := range l.keys {
		names[i] = strconv.Quote(l.cols[k].Name)
	}
	return strings.Join(names, ", ")
}

func (l *layout) insertSQL() string {
	names := make([]string, len(l.cols))
	for i, c := range l.cols {
		names[i] = strconv.Quote(c.Name)
	}
	return fmt.Sprintf("INSERT INTO %q(%s) VALUES(%s)", l.set, strings.Join(names, ", "),
		strings.TrimSuffix(strings.Repeat("?, ", len(l.cols)), ", "))
}

// selectSQL reads rows in key order: those of a condition, if there is one; after asks
// only for those behind a key.
func (l *layout) selectSQL(condition string, after bool) string {
	names := make([]string, len(l.cols))
	for i, c := range l.cols {
		names[i] = strconv.Quote(c.Name)
	}
	var conditions []string
	if condition != "" {
		conditions = append(conditions, condition)
	}
	if after {
		conditions = append(conditions, fmt.Sprintf("(%s) > (%s)", l.keyList(), strings.TrimSuffix(strings.Repeat("?, ", len(l.keys)), ", ")))
	}
	where := ""
	if len(conditions) > 0 {
		where = " WHERE " + strings.Join(conditions, " AND ")
	}
	return fmt.Sprintf("SELECT %s FROM %q%s ORDER BY %s LIMIT %d", strings.Join(names, ", "), l.set, where, l.keyList(), chunkRows)
}

// bind turns a row into the values of its INSERT.
func (l *layout) bind(row any) ([]any, error) {
	vals := Values(row)
	for i, v := range vals {
		switch v := v.(type) {
		case nil, string, int64:
		case bool:
			vals[i] = int64(0)
			if v {
				vals[i] = int64(1)
			}
		case time.Time:
			vals[i] = v.UTC().Format(time.RFC3339Nano)
		default:
			b, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("encode %s.%s: %w", l.set, l.cols[i].Name, err)
			}
			vals[i] = string(b)
		}
	}
	return vals, nil
}

// scan fills an empty row of the layout's type from column values as the driver gives them.
func (l *layout) scan(row reflect.Value, vals []any) error {
	for i, val := range vals {
		if val == nil {
			continue
		}
		f := row.FieldByIndex(l.index[i])
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		if err := setField(f, val); err != nil {
			return fmt.Errorf("read %s.%s: %w", l.set, l.cols[i].Name, err)
		}
	}
	return nil
}

func setField(f reflect.Value, val any) error {
	switch v := val.(type) {
	case int64:
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(v != 0)
			return nil
		case reflect.Int64:
			f.SetInt(v)
			return nil
		}
	case string:
		switch {
		case f.Kind() == reflect.String:
			f.SetString(v)
			return nil
		case f.Type() == reflect.TypeFor[time.Time]():
			t, err := time.Parse(time.RFC3339Nano, v)
			if err != nil {
				return err
			}
			f.Set(reflect.ValueOf(t.UTC()))
			return nil
		case f.Kind() == reflect.Slice:
			if list, ok := f.Addr().Interface().(*[]string); ok && plainList(v, list) {
				return nil
			}
			return json.Unmarshal([]byte(v), f.Addr().Interface())
		}
	}
	return fmt.Errorf("a %T where a %s belongs", val, f.Type())
}

// plainList reads a JSON array of strings as bind writes it; false when one of them is written
// with an escape, or when it is something else: encoding/json reads that, ten times slower.
func plainList(text string, into *[]string) bool {
	if text == "[]" {
		*into = []string{}
		return true
	}
	if len(text) < 4 || text[0] != '[' || text[len(text)-1] != ']' || !utf8.ValidString(text) {
		return false
	}
	for i := range len(text) {
		if text[i] == '\\' || text[i] < ' ' {
			return false
		}
	}
	rest := text[1 : len(text)-1]
	list := make([]string, 0, strings.Count(rest, `","`)+1)
	for {
		if len(rest) < 2 || rest[0] != '"' {
			return false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return false
		}
		list = append(list, rest[1:end+1])
		switch rest = rest[end+2:]; {
		case rest == "":
			*into = list
			return true
		case rest[0] != ',':
			return false
		}
		rest = rest[1:]
	}
}
