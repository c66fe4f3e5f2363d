package faketenant

import (
	"unicode"
	"unicode/utf8"
)

// The names of conditions that inbox rules of the plan use.
const (
	inSubject       = "SubjectContainsWords"
	inBody          = "BodyContainsWords"
	inEither        = "SubjectOrBodyContainsWords"
	inHeader        = "HeaderContainsWords"
	inSender        = "FromAddressContainsWords"
	inRecipient     = "RecipientAddressContainsWords"
	fromSender      = "From"
	exceptSender    = "ExceptIfFrom"
	onlyToMe        = "SentOnlyToMe"
	toMe            = "MyNameInToBox"
	toOrCcMe        = "MyNameInToOrCcBox"
	notToMe         = "MyNameNotInToBox"
	junkRuleName    = "Junk E-mail Rule"
	enclosingFolder = `Inbox\`
)

// when is a list of one condition.
func when(name string, values ...string) []property { return []property{{name, values}} }

// unreadable is true for a rule of somebody's whose actions the service does not show.
func (r *rule) unreadable() bool { return r.opaque && !r.system && len(r.actions()) == 0 }

// nameless is true for a name of one or two signs, or of neither letters nor digits.
func (r *rule) nameless() bool {
	if utf8.RuneCountInString(r.name) <= 2 {
		return true
	}
	for _, s := range r.name {
		if unicode.IsLetter(s) || unicode.IsDigit(s) {
			return false
		}
	}
	return true
}

// hidingRules adds rules that hide mail from its owner, and rules that nearly do.
func (c *crew) hidingRules() {
	c.rulesThatHide()
	c.rulesThatDoNotHide()
	c.rulesOutOfSight()
}

func (c *crew) rulesThatHide() {
	hide := func(n int, r rule) {
		r.hides = true
		c.putRule(n, r)
	}
	// A place where nobody looks, and mail about money or sign-in, in the languages of the owners.
	hide(2, rule{name: "Aufräumen", moveTo: "Gelöschte Elemente", when: when(inSubject, "Rechnung", "Überweisung")})
	hide(1, rule{name: "…", moveTo: "Courrier indésirable", stop: true, when: when(inEither, "virement", "facture")})
	hide(8, rule{name: "Limpieza", moveTo: "Elementos eliminados", when: when(inSubject, "contraseña")})
	hide(9, rule{name: "Pulizia", moveTo: "Posta indesiderata", when: when(inBody, "fattura")})
	hide(14, rule{name: "Limpar", moveTo: "Itens Excluídos", when: when(inEither, "senha", "fatura")})
	hide(15, rule{name: "Opruimen", moveTo: "Verwijderde items", when: when(inEither, "factuur", "wachtwoord")})
	hide(16, rule{name: "Keep", moveTo: "Archive", when: when(inBody, "PAYMENT details")})
	hide(17, rule{name: "signatures", moveTo: enclosingFolder + "zz", when: when(inHeader, "docusign")})
	hide(18, rule{name: "tickets", delete: true, when: when(fromSender, smtpElement("IT Support", "alerts@fabrikam.example"))})
	hide(19, rule{name: "🎉", delete: true, when: when(inSubject, "mailer-daemon", "undeliverable")})
	hide(20, rule{name: "--", soft: true, when: when(inSubject, "Password")})
	// Every message, said in different ways.
	hide(3, rule{name: "自動整理", moveTo: "迷惑メール"})
	hide(4, rule{name: "ترتيب البريد", read: true, when: when(onlyToMe)})
	hide(5, rule{name: "to me", moveTo: enclosingFolder + "RSS Subscriptions", when: when(toMe)})
	hide(6, rule{name: "Everything", moveTo: ".", when: when(inSender, "@")})
	hide(7, rule{name: "company mail", soft: true, when: when(inRecipient, ".com", "@")})
	hide(21, rule{name: "but not the boss", moveTo: "Conversation History", when: when(exceptSender, smtpElement("Boss", "boss@contoso.example"))})
	hide(22, rule{name: "lists", read: true, when: []property{{notToMe, nil}, {toOrCcMe, nil}}})
	// Not in force.
	hide(23, rule{name: "..", disabled: true, delete: true, when: when(inBody, "password", "verification")})
	hide(24, rule{name: "Ablage", disabled: true, moveTo: "Archive"})
}

func (c *crew) rulesThatDoNotHide() {
	put := c.putRule
	put(2, rule{name: "Käufer ablegen", moveTo: "Archive", when: when(fromSender, smtpElement("Fabrikam Buyer", "buyer@fabrikam.example"))})
	put(8, rule{name: "lunch", delete: true, when: when(inSubject, "lunch menu", "parking")})
	put(9, rule{name: "words in words", delete: true, when: when(inSubject, "passwordless", "wired headphones", "embankment")})
	put(14, rule{name: "stand-up", read: true, when: []property{{onlyToMe, nil}, {inSubject, []string{"standup"}}}})
	put(15, rule{name: "Facturen", moveTo: "Facturen 2026", stop: true, when: when(inSubject, "factuur", "invoice")})
	put(16, rule{name: "projects first", moveTo: "Projects", stop: true})
	put(17, rule{name: "one partner", delete: true, when: when(inSender, "@fabrikam.example")})
	if u := c.who(0); u != nil { // the organisation's name in Exchange is no word of the rule
		put(18, rule{name: "jokes", delete: true, when: when(fromSender, exElement(u.display, u.legacyDN()))})
	}
	put(19, rule{name: "by year", moveTo: "Archive 2024"})
	put(20, rule{name: "short", moveTo: "FYI"})
	put(25, rule{name: ".", moveTo: "Reading", when: when(inSubject, "weekly digest")})
}

// rulesOutOfSight: rules that their owner does not see, or that a review cannot read.
func (c *crew) rulesOutOfSight() {
	put := c.putRule
	put(27, rule{name: "sync", hidden: true, delete: true, hides: true})
	put(26, rule{name: junkRuleName, hidden: true, delete: true, hides: true}) // the service's name, somebody's rule
	put(26, rule{name: "parked", hidden: true, disabled: true, moveTo: "Projects"})
	put(25, rule{name: "maintenance", hidden: true, opaque: true})
	put(24, rule{name: "old client", opaque: true, disabled: true})
	put(23, rule{name: "partly known", opaque: true, read: true, when: when(inSubject, "weekly digest")})
}
