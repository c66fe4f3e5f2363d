package permissions

import (
	"cmp"
	"slices"
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
)

// defaultNames and anonymousNames are the names under which the service shows
// the two entries that every folder has, in the languages that mailboxes are
// created in, lower case. Source: Get-MailboxFolderPermission in localised mailboxes.
var (
	defaultNames = map[string]bool{
		"default": true, "standard": true, "par défaut": true, "predeterminado": true, "predeterminada": true,
		"padrão": true, "predefinição": true, "predefinito": true, "predefinita": true, "impostazione predefinita": true,
		"standaard": true, "förvald": true, "oletus": true, "domyślne": true, "domyślny": true, "domyślnie": true,
		"výchozí": true, "predvolené": true, "alapértelmezett": true, "implicit": true, "varsayılan": true,
		"по умолчанию": true, "за замовчуванням": true, "προεπιλογή": true, "既定": true, "默认": true, "預設": true,
		"기본값": true, "기본": true, "ค่าเริ่มต้น": true, "mặc định": true, "ברירת מחדל": true, "افتراضي": true,
		"per defecte": true, "privzeto": true, "zadano": true, "podrazumevano": true, "подразумевано": true, "по подразбиране": true,
		"vaikimisi": true, "noklusējums": true, "numatytasis": true, "numatytoji": true, "sjálfgefið": true, "डिफ़ॉल्ट": true,
	}
	anonymousNames = map[string]bool{
		"anonymous": true, "anonym": true, "anonyme": true, "anónimo": true, "anônimo": true, "anonimo": true,
		"anoniem": true, "anonyymi": true, "anonimowy": true, "anonimowe": true, "anonymní": true, "anonymný": true,
		"névtelen": true, "anonim": true, "аноним": true, "анонимный": true, "анонімний": true, "ανώνυμος": true,
		"匿名": true, "익명": true, "ไม่ระบุชื่อ": true, "ẩn danh": true, "אנונימי": true, "مجهول": true,
		"anònim": true, "anonimno": true, "анонимно": true, "анониман": true, "анонимен": true, "anonüümne": true,
		"anonīms": true, "anoniminis": true, "nafnlaus": true, "अनाम": true,
	}
)

// publishedUser is the prefix of a folder trustee to whom the folder was
// published or shared outside: "ExchangePublishedUser.kim@fabrikam.example".
const publishedUser = "exchangepublisheduser."

// IsSelf reports whether a trustee is the mailbox's own user: SID S-1-5-10 under
// any name, or NT AUTHORITY\SELF where the service sent no SID. SELF is in no
// dataset and in no finding.
func IsSelf(name, sid string) bool {
	if sid = strings.TrimSpace(sid); sid != "" {
		return strings.EqualFold(sid, facts.SelfSID)
	}
	name = strings.TrimSpace(name)
	return strings.EqualFold(name, `NT AUTHORITY\SELF`) || strings.EqualFold(name, facts.SelfSID)
}

// ResolveTrustee says who holds a right over a mailbox or recipient. name and sid
// are as the service sent them; either may be "". Callers leave SELF out first.
//
// A trustee that matches nothing is unresolved; several matches give the
// candidates, sorted, and no choice; a bare SID that matches nobody is orphaned.
func (d *Directory) ResolveTrustee(name, sid string) snapshot.TrusteeRef {
	ref := snapshot.TrusteeRef{Trustee: name, Candidates: []string{}}
	trimmed := cmp.Or(strings.TrimSpace(name), strings.TrimSpace(sid))
	bare, isSID := bareSID(trimmed)
	if isSID && strings.TrimSpace(sid) == "" {
		sid = bare
	}
	_, known := facts.WellKnownTrustee(trimmed, sid)
	if known && !facts.RoleGroupName(trimmed) {
		ref.TrusteeType = snapshot.TrusteeWellKnown
		return ref
	}
	slots := d.match(d.lookupName(trimmed, bare, isSID), sid)
	switch {
	case known && (len(slots) == 0 || d.allRoleGroups(slots)):
		ref.TrusteeType = snapshot.TrusteeWellKnown
	case len(slots) == 1:
		d.fill(&ref, slots[0])
	case len(slots) > 1:
		ref.TrusteeType = snapshot.TrusteeUnresolved
		ref.Candidates = d.candidates(slots)
	case isSID:
		ref.TrusteeType = snapshot.TrusteeOrphaned
	default:
		ref.TrusteeType = snapshot.TrusteeUnresolved
	}
	return ref
}

// lookupName returns the name to look for: the SID of a bare SID, the part behind
// the backslash of a qualified name (DOMAIN\name), else the name itself.
func (d *Directory) lookupName(name, bare string, isSID bool) string {
	if isSID {
		// A SID is looked up as one; "" keeps it from matching an object that is named like it.
		return ""
	}
	name = withoutNT(name)
	if domain, local, ok := strings.Cut(name, `\`); ok && domain != "" && local != "" && !strings.ContainsAny(domain, "@/") {
		return local
	}
	return name
}

func (d *Directory) allRoleGroups(slots []int32) bool {
	return !slices.ContainsFunc(slots, func(n int32) bool {
		return !strings.EqualFold(d.texts.Get(d.slots[n].details), "RoleGroup")
	})
}

func (d *Directory) fill(ref *snapshot.TrusteeRef, slot int32) {
	e := d.entry(slot)
	ref.TrusteeID, ref.TrusteeAddress, ref.TrusteeType = e.key(), e.Address, e.Kind
	if ref.TrusteeType == "" {
		// Found, and its kind is not known: that is not enough to name it.
		ref.TrusteeType = snapshot.TrusteeUnresolved
		ref.Candidates = d.candidates([]int32{slot})
	}
}

// candidates returns "name (id)" of each slot, sorted.
func (d *Directory) candidates(slots []int32) []string {
	list := make([]string, 0, len(slots))
	for _, n := range slots {
		e := d.entry(n)
		list = append(list, e.label()+" ("+e.key()+")")
	}
	return sortedUnique(list)
}

// ResolveFolderTrustee says who holds a right over a folder. user is as the
// service sent it: a display name, "Default" or "Anonymous" in the mailbox's
// language, "NT:S-1-5-21-…" of a deleted account, "ExchangePublishedUser.<address>",
// or "Owner@local" in group mailboxes.
//
// A name of Default or Anonymous in another language than English that is also
// the name of somebody in the directory is unresolved, with candidates.
func (d *Directory) ResolveFolderTrustee(user string) snapshot.TrusteeRef {
	folded := foldKey(user)
	ref := snapshot.TrusteeRef{Trustee: user, Candidates: []string{}}
	kind := ""
	switch {
	case defaultNames[folded]:
		kind = snapshot.TrusteeDefault
	case anonymousNames[folded]:
		kind = snapshot.TrusteeAnonymous
	}
	if kind != "" {
		if folded != "default" && folded != "anonymous" {
			if slots := d.match(folded, ""); len(slots) > 0 {
				ref.TrusteeType, ref.Candidates = snapshot.TrusteeUnresolved, d.candidates(slots)
				return ref
			}
		}
		ref.TrusteeType = kind
		return ref
	}
	if strings.HasPrefix(folded, publishedUser) {
		ref.TrusteeType = snapshot.TrusteeExternal
		if address := NormalAddress(folded[len(publishedUser):]); strings.Contains(address, "@") {
			ref.TrusteeAddress = address
		}
		return ref
	}
	return d.ResolveTrustee(user, "")
}

// withoutNT drops the prefix under which folder permissions show an account that has
// no mailbox: "NT:" or "NT User:".
func withoutNT(name string) string {
	for _, prefix := range []string{"NT:", "NT User:"} {
		if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			return strings.TrimSpace(name[len(prefix):])
		}
	}
	return name
}

// bareSID returns the SID of a trustee that the service shows by nothing else:
// "S-1-5-21-…", "NT:S-1-5-21-…" or "NT User:S-1-5-21-…".
func bareSID(name string) (sid string, ok bool) {
	name = withoutNT(name)
	if len(name) < 5 || !strings.EqualFold(name[:4], "S-1-") {
		return "", false
	}
	for _, c := range []byte(name[4:]) {
		if c != '-' && (c < '0' || c > '9') {
			return "", false
		}
	}
	return strings.ToUpper(name), true
}
