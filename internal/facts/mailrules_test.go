package facts

import (
	"slices"
	"strings"
	"testing"
)

func TestUnwatchedFolder(t *testing.T) {
	for name, want := range map[string]string{
		"RSS Feeds": "RSS Feeds", " rss subscriptions ": "RSS Feeds", "RSS-Feeds": "RSS Feeds", "Flux RSS": "RSS Feeds", "RSS フィード": "RSS Feeds",
		"Archive": "Archive", "Archiv": "Archive", "Archivio": "Archive", "アーカイブ": "Archive",
		"Conversation History": "Conversation History", "CRONOLOGIA CONVERSAZIONI": "Conversation History",
		"Junk Email": "Junk Email", "Junk E-Mail": "Junk Email", "Courrier indésirable": "Junk Email", "迷惑メール": "Junk Email",
		"gelöschte elemente": "Deleted Items", "ÉLÉMENTS SUPPRIMÉS": "Deleted Items", "Verwijderde items": "Deleted Items",
		"Sync Issues": "Sync Issues", "Synchronisierungsprobleme": "Sync Issues",
		"Inbox": "", "Newsletters": "", "RSS": "", "Archive 2024": "", "My Junk Email": "", "Deleted": "", "": "",
	} {
		if got, ok := UnwatchedFolder(name); got != want || ok != (want != "") {
			t.Errorf("UnwatchedFolder(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
}

func TestSecurityWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"invoice, payment", "invoice payment"},
		{"INVOICE", "invoice"},
		{"your IBAN/SWIFT", "iban swift"},
		{"no-reply@docusign.net", "docusign"},
		{"Überweisung fällig", "überweisung"},
		{"MOT DE PASSE", "mot de passe"},
		{"Cambio de contraseña", "contraseña"},
		{"unusual sign-in activity", "sign-in unusual"},
		{"form W-2 2026", "w-2"},
		{"MAILER-DAEMON@contoso.example", "mailer-daemon"},
		{"今月の請求書について", "請求書"},
		{"it support", "it support"},
		// Near-misses: a longer word, a shorter one, a phrase cut in two.
		{"wireless", ""},
		{"bankrupt embankment", ""},
		{"transferred", ""},
		{"invoic", ""},
		{"Rechnungswesen", ""},
		{"facture2", ""},
		{"visit supporters", ""},
		{"newsletter@fabrikam.example", ""},
		{"w-20", ""},
		{"mot passe", ""},
		{"", ""},
		// The first place does not count, the second does.
		{"wireless wire", "wire"},
	} {
		if got := strings.Join(SecurityWords(c.text), " "); got != c.want {
			t.Errorf("SecurityWords(%q) = %q, want %q", c.text, got, c.want)
		}
	}
	if w := mailRules().words; !slices.IsSorted(w) || len(w) < 100 {
		t.Errorf("%d words, sorted %v", len(w), slices.IsSorted(w))
	}
}

func TestConditionsOfRules(t *testing.T) {
	for _, c := range []struct {
		name                         string
		word, broad, broadBy, sender bool
	}{
		{"SubjectContainsWords", true, false, false, false},
		{"subjectorbodycontainswords", true, false, false, false},
		{"From", true, false, false, true},
		{"FromAddressContainsWords", true, false, true, true},
		{"FromAddressContains", false, false, false, true},
		{"FromAddressMatchesPatterns", false, false, false, true},
		{"FromAddressMatches", false, false, false, true},
		{"RecipientAddressContainsWords", false, false, true, false},
		{"SentOnlyToMe", false, true, false, false},
		{"MyNameNotInToBox", false, true, false, false},
		{"SenderDomainIs", false, false, false, true},
		{"SenderIpRanges", false, false, false, true},
		{"FromMemberOf", false, false, false, false},
		{"FromScope", false, false, false, false},
		{"ExceptIfFrom", false, false, false, false},
		{"RecipientDomainIs", false, false, false, false},
		{"HasAttachment", false, false, false, false},
	} {
		if WordCondition(c.name) != c.word || BroadCondition(c.name) != c.broad || BroadWordCondition(c.name) != c.broadBy || SenderCondition(c.name) != c.sender {
			t.Errorf("%s: word %v, broad %v, broad by its words %v, sender %v; want %+v", c.name, WordCondition(c.name), BroadCondition(c.name), BroadWordCondition(c.name), SenderCondition(c.name), c)
		}
	}
}

func TestExemptingHeader(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"X-MS-Exchange-Organization-SCL", "-1", true},
		{"x-ms-exchange-organization-scl", " -1 ", true},
		{"X-MS-Exchange-Organization-SCL", "9", false}, // near-miss: junk, not exempt
		{"X-MS-Exchange-Organization-SCL", "", false},
		{"X-MS-Exchange-Organization-SkipSafeLinksProcessing", "1", true},
		{"X-MS-Exchange-Organization-SkipSafeLinksProcessing", "0", false},
		{"X-MS-Exchange-Organization-SkipSafeAttachmentProcessing", "true", true},
		{"X-Forefront-Antispam-Report", "SFV:SKI;", true},
		{"X-Forefront-Antispam-Report", "SFV:SKB;", false}, // near-miss: a blocked sender
		{"X-MS-Exchange-Organization-BypassFocusedInbox", "true", false},
		{"X-MS-Exchange-Organization-SCL-Old", "-1", false},
		{"X-ETR", "1", false},
	} {
		if effect, ok := ExemptingHeader(c.name, c.value); ok != c.want || ok != (effect != "") {
			t.Errorf("ExemptingHeader(%s, %q) = %q, %v; want %v", c.name, c.value, effect, ok, c.want)
		}
	}
}

func FuzzSecurityWords(f *testing.F) {
	f.Add("wireless wire")
	f.Add("請求書\xff")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range SecurityWords(text) {
			if !strings.Contains(strings.ToLower(text), w) {
				t.Errorf("%q is not in %q", w, text)
			}
		}
	})
}
