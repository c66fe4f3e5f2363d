package redact

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// keySize is that of a key, in bytes.
const keySize = 32

// NewKey makes a random key.
func NewKey() ([]byte, error) {
	key := make([]byte, keySize)
	_, err := rand.Read(key)
	return key, err
}

// FormatKey writes a key as a line of text, ParseKey reads it.
func FormatKey(key []byte) string { return hex.EncodeToString(key) + "\n" }

// ParseKey reads what FormatKey wrote. Blanks around it do not matter.
func ParseKey(text string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("no key: a key is %d hexadecimal digits", 2*keySize)
	}
	return key, nil
}

// Entry is one line of the mapping, which stays with the owner.
type Entry struct {
	Pseudonym string
	Kind      string // address, domain, id, name, number, sid, text
	Original  string
}

// Redactor gives pseudonyms and remembers which. It is for one goroutine.
type Redactor struct {
	key   []byte
	seen  map[Entry]struct{}
	named map[string]string // keys of access rows that findings name, and what they are in the copy
}

// New makes a redactor with a key of NewKey or ParseKey.
func New(key []byte) *Redactor {
	return &Redactor{key: key, seen: map[Entry]struct{}{}, named: map[string]string{}}
}

// Mapping lists what stands for what, by pseudonym.
func (r *Redactor) Mapping() []Entry {
	out := make([]Entry, 0, len(r.seen))
	for e := range r.seen {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Pseudonym, b.Pseudonym), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Original, b.Original))
	})
	return out
}

func (r *Redactor) note(kind, original, pseudonym string) string {
	r.seen[Entry{pseudonym, kind, original}] = struct{}{}
	return pseudonym
}

func (r *Redactor) sum(kind, value string) []byte {
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(kind + "\x00" + value))
	return h.Sum(nil)
}

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// short is sixty bits in twelve letters and digits: two values in a million share theirs
// with a probability of one in two million.
func (r *Redactor) short(kind, value string) string {
	return strings.ToLower(letters.EncodeToString(r.sum(kind, value))[:12])
}

// folded gives values that differ in case only pseudonyms that differ in case only: what
// the services take for equal stays equal, and rows that were two stay two.
func (r *Redactor) folded(kind, value string) string {
	low := strings.ToLower(value)
	p := []byte(r.short(kind, low))
	if low == value {
		return string(p)
	}
	bits := binary.BigEndian.Uint64(r.sum("case of "+kind, value)) | 1
	for i, n := 0, 0; i < len(p); i++ {
		if p[i] >= 'a' && p[i] <= 'z' {
			if bits>>n&1 == 1 {
				p[i] -= 'a' - 'A'
			}
			n++
		}
	}
	return string(p)
}

// public are values that are the same in every tenant and that no table of facts holds.
var public = map[string]bool{
	"default": true, "anonymous": true, "*": true, "owner@local": true, "member@local": true, "direct": true, "/": true,
	"admin audit log settings": true, "authorizationpolicy": true, "adminconsentrequestpolicy": true, "transport settings": true,
	"restrictaccess": true, "denyaccess": true, "default sharing policy": true, "00000000-0000-0000-0000-000000000000": true,
}

// isPublic reports whether a value says nothing about the tenant.
func isPublic(v string) bool {
	return public[strings.ToLower(v)] || facts.Public(v) || ntAuthority.MatchString(v)
}

var (
	guidForm    = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	sidForm     = regexp.MustCompile(`^(NT:)?S-1(-[0-9]+)+$`)
	ntAuthority = regexp.MustCompile(`^(?i:NT AUTHORITY\\(SELF|SYSTEM|NETWORK SERVICE|LOCAL SERVICE|ANONYMOUS LOGON|Authenticated Users|Everyone))$`)
	forestForm  = regexp.MustCompile(`^[A-Z]{3}PR[0-9]{2}[A-Z]?[0-9]{0,3}$`) // of the service: EURPR01A001
	wellSID     = regexp.MustCompile(`^S-1-(1-0|5-(7|10|11|18|32-[0-9]+))$`)
	addressForm = regexp.MustCompile(`^[^\s@<>\[\]"]+@[^\s@<>\[\]",;:/\\]+$`)
	domainForm  = regexp.MustCompile(`^[\pL\pN_*-]+(\.[\pL\pN_-]+)+\.?$`)
	decimalForm = regexp.MustCompile(`^-?[0-9]{1,20}$`)
)

// value is for what names an object in whatever form the service has it: an id, a SID, an
// address, a name.
func (r *Redactor) value(v string) string {
	switch {
	case v == "" || isPublic(v):
		return v
	case guidForm.MatchString(v):
		return r.id(v)
	case sidForm.MatchString(v):
		return r.sid(v)
	case addressForm.MatchString(v):
		return r.address(v)
	}
	// A name that the service gives, in a domain that may be the tenant's own.
	if d, local, ok := strings.Cut(v, `\`); ok && facts.Public(local) {
		if forestForm.MatchString(d) {
			return v
		}
		return r.note("name", v, r.value(d)+`\`+local)
	}
	return r.note("name", v, "name-"+r.folded("name", v))
}

func (r *Redactor) id(v string) string {
	if v == "" || isPublic(v) {
		return v
	}
	if !guidForm.MatchString(v) {
		return r.opaque(v)
	}
	s := r.sum("id", strings.ToLower(v))
	s[6], s[8] = s[6]&0x0f|0x40, s[8]&0x3f|0x80
	p := fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
	if v != strings.ToLower(v) {
		p = strings.ToUpper(p)
	}
	return r.note("id", v, p)
}

// opaque is for identifiers that nobody reads.
func (r *Redactor) opaque(v string) string {
	if v == "" || isPublic(v) {
		return v
	}
	if guidForm.MatchString(v) {
		return r.id(v)
	}
	return r.note("id", v, "id-"+r.short("opaque", v))
}

func (r *Redactor) number(v string) string {
	if !decimalForm.MatchString(v) {
		return r.opaque(v)
	}
	return r.note("number", v, fmt.Sprintf("%018d", binary.BigEndian.Uint64(r.sum("number", v))%1e18))
}

func (r *Redactor) sid(v string) string {
	if v == "" || wellSID.MatchString(v) || isPublic(v) {
		return v
	}
	return r.note("sid", v, "sid-"+r.short("sid", v))
}

func (r *Redactor) text(v string) string {
	if v == "" {
		return v
	}
	return r.note("text", v, "text-"+r.short("text", v))
}

func (r *Redactor) address(v string) string {
	at := strings.LastIndexByte(v, '@')
	if at < 1 {
		return r.value(v)
	}
	p := "user-" + r.folded("address", v[:at]) + "@" + r.domainName(v[at+1:])
	return r.note("address", v, p)
}

// commonSuffixes stay: every tenant has a domain below them.
var commonSuffixes = []string{"mail.onmicrosoft.com", "onmicrosoft.com"}

// domainName gives each label a pseudonym that depends on the labels behind it: what was a
// subdomain stays one.
func (r *Redactor) domainName(v string) string {
	if v == "" || v == "*" || isPublic(v) {
		return v
	}
	if len(v) > 255 {
		return r.text(v) // no domain; and each of its labels would take a look at all behind it
	}
	low := strings.TrimSuffix(strings.ToLower(v), ".")
	if strings.HasPrefix(low, "*.") {
		return "*." + r.domainName(v[2:])
	}
	tail := ".invalid"
	rest := low
	for _, s := range commonSuffixes {
		if cut, ok := strings.CutSuffix(low, "."+s); ok {
			rest, tail = cut, "."+s
			break
		}
	}
	labels := strings.Split(rest, ".")
	for i := range labels {
		labels[i] = "d" + r.short("domain", strings.Join(strings.Split(low, ".")[i:], "."))[:9]
	}
	p := strings.Join(labels, ".") + tail
	if v == strings.ToLower(v) {
		return r.note("domain", v, p)
	}
	// Another spelling of the same domain: equal for who ignores case, and another row.
	first := "D"
	if s := r.sum("case of domain", v); s[0]&1 == 1 {
		first = "D" + strings.ToUpper(p[1:2])
	}
	return r.note("domain", v, first+p[len(first):])
}

// host is for what may be a domain or something else that names a machine.
func (r *Redactor) host(v string) string {
	if domainForm.MatchString(v) && strings.ContainsFunc(v, func(c rune) bool { return c > '9' }) || v == "*" {
		return r.domainName(v)
	}
	return r.text(v)
}

var bracketTarget = regexp.MustCompile(`^"(.*)" \[(SMTP|EX):(.*)\]$`)

// target is for recipients of rules as the service writes them.
func (r *Redactor) target(v string) string {
	if rest, ok := strings.CutPrefix(v, "unresolved:"); ok {
		return "unresolved:" + r.target(rest)
	}
	if rest, ok := strings.CutPrefix(v, "smtp:"); ok && addressForm.MatchString(rest) {
		return "smtp:" + r.address(rest)
	}
	if m := bracketTarget.FindStringSubmatch(v); m != nil && utf8.ValidString(v) {
		to := r.text(m[3])
		if addressForm.MatchString(m[3]) {
			to = r.address(m[3])
		}
		return `"` + r.value(m[1]) + `" [` + m[2] + ":" + to + "]"
	}
	return r.value(v)
}

var (
	propertyForm = regexp.MustCompile(`^[A-Z][A-Za-z]{2,40}$`)
	plainValues  = map[string]bool{"True": true, "False": true, "InOrganization": true, "NotInOrganization": true, "Enabled": true, "Disabled": true,
		"AutoForward": true, "AutoReply": true, "Encrypted": true, "OOF": true, "Calendaring": true, "Voicemail": true, "Signed": true, "ApprovalRequest": true,
		"PermissionControlled": true, "ReadReceipt": true, "Delete": true, "Quarantine": true, "High": true, "Normal": true, "Low": true, "*": true}
	smallNumber = regexp.MustCompile(`^-?[0-9]{1,3}$`)
)

// condition is for "Property: value, value", and for "Property" alone.
func (r *Redactor) condition(v string) string {
	property, list, ok := strings.Cut(v, ": ")
	if !propertyForm.MatchString(property) {
		return r.text(v)
	}
	if !ok {
		return v
	}
	parts := strings.Split(list, ", ")
	for i, p := range parts {
		if !plainValues[p] && !smallNumber.MatchString(p) {
			parts[i] = r.target(p)
		}
	}
	return property + ": " + strings.Join(parts, ", ")
}

// sharing is for "domain: action, action".
func (r *Redactor) sharing(v string) string {
	domain, actions, ok := strings.Cut(v, ":")
	if !ok {
		return r.text(v)
	}
	parts := strings.Split(actions, ",")
	for i, p := range parts {
		if !sharingActions[strings.TrimSpace(p)] {
			parts[i] = " " + r.text(strings.TrimSpace(p))
		}
	}
	switch d := strings.TrimSpace(domain); {
	case strings.EqualFold(d, "Anonymous"):
	default:
		domain = r.host(d)
	}
	return domain + ":" + strings.Join(parts, ",")
}

var sharingActions = map[string]bool{"CalendarSharingFreeBusySimple": true, "CalendarSharingFreeBusyDetail": true, "CalendarSharingFreeBusyReviewer": true, "ContactsSharing": true}

// folders that every mailbox has, in the names of an English one. The others are text.
var ordinaryFolders = func() map[string]bool {
	m := map[string]bool{"": true}
	for _, f := range []string{"Top of Information Store", "Inbox", "Calendar", "Contacts", "Sent Items", "Deleted Items", "Drafts", "Tasks", "Notes", "Archive",
		"Outbox", "Junk Email", "Journal", "Conversation History", "RSS Feeds", "RSS Subscriptions", "Birthdays", "Sync Issues"} {
		m[f] = true
	}
	return m
}()

func (r *Redactor) path(v string) string {
	parts := strings.Split(v, "/")
	for i, p := range parts {
		if !ordinaryFolders[p] {
			parts[i] = r.text(p)
		}
	}
	return strings.Join(parts, "/")
}

// directoryScope is for "/" and "/administrativeUnits/<id>".
func (r *Redactor) directoryScope(v string) string {
	parts := strings.Split(v, "/")
	for i, p := range parts {
		switch {
		case p == "" || p == "administrativeUnits" || p == "users" || p == "groups" || p == "v1.0" || p == "members" || p == "manager" || p == "transitiveMembers":
		case guidForm.MatchString(p):
			parts[i] = r.id(p)
		default:
			parts[i] = r.text(p)
		}
	}
	return strings.Join(parts, "/")
}

// grantPolicy is for "ManagePermissionGrantsForSelf.<policy>", of which Microsoft's begin
// with its name.
func (r *Redactor) grantPolicy(v string) string {
	on, policy, _ := strings.Cut(v, ".")
	switch {
	case !strings.EqualFold(on, "ManagePermissionGrantsForSelf") && !strings.EqualFold(on, "ManagePermissionGrantsForOwnedResource"):
		return r.text(v)
	case strings.HasPrefix(policy, "microsoft-"):
		return v
	}
	return on + "." + r.text(policy)
}

// role is for app roles.
func (r *Redactor) role(v string) string {
	if id, ok := strings.CutPrefix(v, "unknown role "); ok {
		return "unknown role " + r.id(id)
	}
	return r.value(v)
}

// joined is for several values in one text.
func (r *Redactor) joined(sep string, one func(string) string) func(string) string {
	return func(v string) string {
		parts := strings.Split(v, sep)
		for i, p := range parts {
			parts[i] = one(p)
		}
		return strings.Join(parts, sep)
	}
}

// accessScope is for AccessRow.Scope.
func (r *Redactor) accessScope(v string) string {
	if p, ok := strings.CutPrefix(v, "folder:"); ok {
		return "folder:" + r.path(p)
	}
	if g, ok := strings.CutPrefix(v, "members:"); ok {
		return "members:" + r.value(g)
	}
	if v == "mailbox" || v == "tenant" {
		return v
	}
	return r.text(v)
}

// notes are the remarks of AccessRow.Note that name nobody.
var notes = map[string]bool{"eligible, not active": true, "disabled": true, "test mode": true, "keeps no copy": true, "acts as the user who signs in": true,
	"who is in the scope is not known": true, "members could not be expanded": true}

func (r *Redactor) remark(v string) string {
	if v == "" {
		return v
	}
	parts := strings.Split(v, "; ")
	for i, p := range parts {
		switch {
		case notes[p]:
		case strings.HasPrefix(p, "not reachable in Outlook: "):
			parts[i] = "not reachable in Outlook: a folder above it is not visible"
		default:
			parts[i] = leftOut
		}
	}
	return strings.Join(slices.Compact(parts), "; ")
}

// leftOut stands for a sentence that may name somebody.
const leftOut = "details are left out of this copy"

// commandWords are what the commands of AccessRow.Close hold outside quotes. A word that is not
// here takes the whole command with it.
var commandWords = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(`
		Remove-DistributionGroupMember Remove-MgGroupMemberByRef Remove-MailboxPermission Add-MailboxPermission Remove-RecipientPermission Set-Mailbox
		Set-MailboxFolderPermission Remove-MailboxFolderPermission Remove-MgGroupAppRoleAssignment Remove-MgServicePrincipalAppRoleAssignment
		Remove-MgOauth2PermissionGrant Remove-ManagementRoleAssignment Remove-RoleGroupMember Remove-InboxRule Disable-TransportRule
		New-MgRoleManagementDirectoryRoleEligibilityScheduleRequest Remove-MgRoleManagementDirectoryRoleAssignment
		-Identity -Member -GroupId -DirectoryObjectId -User -AccessRights -InheritanceType -Trustee -Deny -GrantSendOnBehalfTo -AppRoleAssignmentId -ServicePrincipalId
		-OAuth2PermissionGrantId -Action -PrincipalId -RoleDefinitionId -DirectoryScopeId -UnifiedRoleAssignmentId -ForwardingAddress -ForwardingSmtpAddress -Mailbox
		All Default Anonymous None AvailabilityOnly SendAs FullAccess ReadPermission ChangePermission ChangeOwner DeleteItem ExternalAccount $null @{Remove= }`) {
		m[w] = true
	}
	m[""] = true
	return m
}()

// command is for AccessRow.Close: PowerShell with values in single quotes, in which a quote is doubled.
func (r *Redactor) command(v string) string {
	var b strings.Builder
	for rest := v; rest != ""; {
		plain, quoted, found := strings.Cut(rest, "'")
		for _, w := range strings.Split(plain, " ") {
			if !commandWords[w] {
				return leftOut
			}
		}
		b.WriteString(plain)
		if !found {
			break
		}
		value, after, closed := closing(quoted)
		if !closed {
			return leftOut
		}
		b.WriteString("'" + r.commandValue(value) + "'")
		rest = after
	}
	return b.String()
}

// closing finds the quote that ends a text.
func closing(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", "", false
}

// commandValue is a value, or a mailbox with a folder behind a colon.
func (r *Redactor) commandValue(v string) string {
	if box, folder, ok := strings.Cut(v, ":"); ok && (addressForm.MatchString(box) || guidForm.MatchString(box)) {
		if p, ok := strings.CutPrefix(folder, `\`); ok {
			return r.value(box) + `:\` + r.joined(`\`, r.folderPart)(p)
		}
		return r.value(box) + ":" + r.opaque(folder)
	}
	switch v {
	case "adminRemove", "Default", "Anonymous":
		return v
	}
	if decimalForm.MatchString(v) {
		return r.number(v)
	}
	return r.value(v)
}

func (r *Redactor) folderPart(p string) string {
	if ordinaryFolders[p] {
		return p
	}
	return r.text(p)
}

// reason is for coverage details, which may be words of a service.
func (r *Redactor) reason(c snapshot.Reason) string {
	if c.Detail == "" || c.ByDefinition() || knownDetails[c.Detail] {
		return c.Detail
	}
	return leftOut
}

// knownDetails are sentences of our own that name nobody.
var knownDetails = map[string]bool{"no chosen check needs it": true, "not part of this run": true, "left out by choice": true, "deleted between list and read": true,
	"the service knows no such object": true, "not read yet; go on with --resume": true, "the waiting budget was spent; go on with --resume": true}
