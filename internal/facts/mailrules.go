package facts

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

type mailRuleTables struct {
	folders map[string]string // folded name -> place
	words   []string          // folded, sorted
	word    map[string]bool   // folded names of conditions
	broad   map[string]bool
	broadBy map[string]bool
	sender  map[string]bool
	headers []exemptingHeader
}

type exemptingHeader struct {
	Name     string
	Values   []string // the values that exempt; none: every value but 0 and false
	Contains []string // or parts of the value that do
	Effect   string
}

var mailRules = sync.OnceValue(func() mailRuleTables {
	src := table[struct {
		Folders []struct {
			Place string
			Names []string
		}
		Words                                                                  map[string][]string
		WordConditions, BroadConditions, BroadWordConditions, SenderConditions []string
		Headers                                                                []exemptingHeader
	}]("mailrules.json")
	t := mailRuleTables{
		folders: map[string]string{}, word: foldedSet(src.WordConditions), broad: foldedSet(src.BroadConditions),
		broadBy: foldedSet(src.BroadWordConditions), sender: foldedSet(src.SenderConditions), headers: src.Headers,
	}
	for _, f := range src.Folders {
		for _, name := range f.Names {
			t.folders[fold(name)] = f.Place
		}
	}
	for _, list := range src.Words {
		for _, w := range list {
			t.words = append(t.words, fold(w))
		}
	}
	slices.Sort(t.words)
	t.words = slices.Compact(t.words)
	return t
})

func foldedSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[fold(n)] = true
	}
	return set
}

// UnwatchedFolder returns which default folder a folder name stands for, in English,
// when it is one that people do not look at: RSS feeds, the archive, old conversations,
// junk, deleted items, synchronisation faults. Names in de, es, fr, it, ja, nl and pt
// are known; name is the folder's own name, without its path.
func UnwatchedFolder(name string) (place string, ok bool) {
	place, ok = mailRules().folders[fold(name)]
	return place, ok
}

// SecurityWords returns the words of a text that have to do with money, passwords or
// security, which is what an intruder keeps from the owner of a mailbox: folded, sorted,
// unique. Whole words only: "wire" is not in "wireless". Scripts that are written
// without blanks between words have no such border.
func SecurityWords(text string) []string {
	text = strings.ToLower(text)
	var found []string
	for _, w := range mailRules().words {
		if holdsWord(text, w) {
			found = append(found, w)
		}
	}
	return found
}

// holdsWord reports whether word stands in text with no letter or digit beside it.
func holdsWord(text, word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(word)
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		at := from + i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(word):])
		if !joined(before, first) && !joined(last, after) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		from = at + size
	}
}

// joined reports whether two neighbours belong to one word.
func joined(a, b rune) bool { return inWord(a) && inWord(b) && !unspaced(a) && !unspaced(b) }

// A broken byte or the end of the text is no part of a word.
func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

func unspaced(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }

// WordCondition reports whether a condition of an inbox rule looks for words or a sender.
func WordCondition(name string) bool { return mailRules().word[fold(name)] }

// BroadCondition reports whether a condition of an inbox rule holds for most of what a
// mailbox receives.
func BroadCondition(name string) bool { return mailRules().broad[fold(name)] }

// BroadWordCondition reports whether a condition of an inbox rule looks for words in
// addresses, and so holds for everything when the words are no more than "@" or ".com".
func BroadWordCondition(name string) bool { return mailRules().broadBy[fold(name)] }

// SenderCondition reports whether a condition of a mail flow rule names senders. Both
// spellings count: that of the parameter (FromAddressContainsWords) and that of the
// class (FromAddressContains).
func SenderCondition(name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(fold(name), "words"), "patterns")
	return mailRules().sender[name]
}

// ExemptingHeader reports whether a message header that a mail flow rule sets keeps
// filters from looking at the message, and what the effect is.
func ExemptingHeader(name, value string) (effect string, ok bool) {
	value = fold(value)
	for _, h := range mailRules().headers {
		if fold(h.Name) != fold(name) {
			continue
		}
		is := func(v string) bool { return fold(v) == value }
		in := func(v string) bool { return strings.Contains(value, fold(v)) }
		switch {
		case len(h.Values) > 0:
			ok = slices.ContainsFunc(h.Values, is)
		case len(h.Contains) > 0:
			ok = slices.ContainsFunc(h.Contains, in)
		default:
			ok = value != "0" && value != "false"
		}
		if ok {
			return h.Effect, true
		}
	}
	return "", false
}
