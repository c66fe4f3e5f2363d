package permissions

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// confusables maps a letter to the Latin letter or sequence that it is drawn
// like. Scope: lower-case Cyrillic, Greek, Armenian and Latin letters and the
// digits that stand for letters in look-alike domain names. It is a part of the
// Unicode confusables data, after lower-casing and the removal of accents; it
// leaves out scripts that domain registries do not mix with Latin.
// Source: https://www.unicode.org/reports/tr39/, section 4.
var confusables = map[rune]string{
	// Digits.
	'0': "o", '1': "l", '3': "e", '5': "s",
	// Cyrillic.
	'а': "a", 'ӕ': "ae", 'в': "b", 'ь': "b", 'ԁ': "d", 'е': "e", 'є': "e", 'ҽ': "e", 'ԍ': "g", 'һ': "h", 'н': "h",
	'і': "i", 'ӏ': "l", 'ј': "j", 'к': "k", 'м': "m", 'п': "n", 'о': "o", 'ө': "o", 'р': "p", 'ԛ': "q", 'г': "r",
	'ѕ': "s", 'т': "t", 'ц': "u", 'у': "y", 'ү': "y", 'ѵ': "v", 'ԝ': "w", 'х': "x", 'с': "c", 'з': "e",
	// Greek.
	'α': "a", 'β': "b", 'ε': "e", 'η': "n", 'ι': "i", 'κ': "k", 'ν': "v", 'ο': "o", 'ρ': "p", 'σ': "o", 'ς': "c",
	'τ': "t", 'υ': "u", 'χ': "x", 'γ': "y", 'ω': "w", 'μ': "u",
	// Armenian.
	'օ': "o", 'ո': "n", 'ս': "u", 'հ': "h", 'ց': "g", 'ք': "f", 'զ': "q", 'յ': "j", 'ա': "w",
	// Latin letters that are not plain letters with an accent.
	'ı': "i", 'ɩ': "i", 'ɡ': "g", 'ɑ': "a", 'ø': "o", 'ł': "l", 'đ': "d", 'ħ': "h", 'ŧ': "t", 'ƅ': "b", 'ƙ': "k",
	'ß': "b", 'þ': "p", 'æ': "ae", 'œ': "oe", 'ƿ': "p", 'ɴ': "n", 'ᴏ': "o", 'ꜱ': "s", 'ʀ': "r", 'ᴛ': "t", 'ᴄ': "c",
	'ᴠ': "v", 'ᴡ': "w", 'ᴢ': "z", 'ʏ': "y", 'ɪ': "i", 'ʟ': "l", 'ƈ': "c", 'ɗ': "d", 'ǝ': "e", 'ɐ': "a",
}

// sequences are letters that together are drawn like another one.
var sequences = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d")

// skeleton folds a domain to what it looks like: two domains with the same
// skeleton are hard to tell apart. The input may be in ASCII (punycode) or
// Unicode form. Dots and hyphens stay, so that label borders count.
func skeleton(domain string) string {
	if u, err := idna.ToUnicode(domain); err == nil {
		domain = u
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(domain)) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if s, ok := confusables[r]; ok {
			b.WriteString(s)
			continue
		}
		b.WriteRune(r)
	}
	return sequences.Replace(b.String())
}
