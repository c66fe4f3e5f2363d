package faketenant

import (
	"slices"
	"strings"
	"time"
)

// Constants that Exchange repeats on every object.
const (
	exchangeVersion = "0.20 (15.0.0.0)"
	forestDC        = "DC=EURPR08A012,DC=PROD,DC=OUTLOOK,DC=COM"
)

func (p *plan) organizationID() string {
	d := p.initialDomain()
	return forest + ".PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/" + d + " - " + forest + ".PROD.OUTLOOK.COM/ConfigurationUnits/" + d + "/Configuration"
}

func (p *plan) distinguishedName(name string) string {
	return "CN=" + name + ",OU=" + p.initialDomain() + ",OU=Microsoft Exchange Hosted Organizations," + forestDC
}

// emailAddresses in the order of the service: the primary one last.
func (p *plan) emailAddresses(pr *principal, full bool) []string {
	var out []string
	if full && pr.mailbox != nil && pr.mailbox.typ == "UserMailbox" {
		out = append(out, "SIP:"+pr.upn, "smtp:"+pr.alias+"@"+p.initialDomain())
	}
	for _, x := range pr.x500 {
		out = append(out, "X500:"+x)
	}
	return append(out, "SMTP:"+pr.smtp)
}

func recipientType(details string) string {
	switch details {
	case "UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "DiscoveryMailbox", "GroupMailbox", "PublicFolderMailbox":
		return "UserMailbox"
	case "GuestMailUser":
		return "MailUser"
	}
	return details
}

// recipients lists what Get-Recipient shows.
func (p *plan) recipients() []*principal {
	out := make([]*principal, 0, len(p.mailboxes)+len(p.groups)+16)
	for _, m := range p.mailboxes {
		out = append(out, m.owner)
	}
	for _, u := range p.users {
		if u.kind == kindGuest {
			out = append(out, u)
		}
	}
	out = append(out, p.contacts...)
	for _, g := range p.groups {
		if g.smtp != "" {
			out = append(out, g)
		}
	}
	return append(out, p.dynamicGroups...)
}

// pick applies the parameters that several list cmdlets share: Identity, Filter, Anr,
// RecipientTypeDetails.
func pick(a args, all []*principal, types *enum, identified func(*principal) bool) ([]*principal, *failure) {
	if id, ok := a.text("identity"); ok {
		var hit []*principal
		for _, pr := range a.t.plan.find(a.t.plan.mailAlias(id)) {
			if identified(pr) {
				hit = append(hit, pr)
			}
		}
		switch len(hit) {
		case 0:
			return nil, notFound(id)
		case 1:
			all = hit
		default:
			return nil, ambiguousObject(id)
		}
	}
	var keep []func(*principal) bool
	if want := a.names("recipienttypedetails"); len(want) > 0 {
		keep = append(keep, func(pr *principal) bool {
			return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, pr.rtd) })
		})
	}
	if s, ok := a.text("filter"); ok {
		f, bad := parseOPath(s)
		if bad != nil {
			return nil, bad
		}
		keep = append(keep, func(pr *principal) bool { return f(filterable(pr)) })
	}
	if s, ok := a.text("anr"); ok {
		s = strings.ToLower(s)
		keep = append(keep, func(pr *principal) bool {
			return strings.HasPrefix(strings.ToLower(pr.display), s) || strings.HasPrefix(strings.ToLower(pr.alias), s) || strings.HasPrefix(pr.smtp, s)
		})
	}
	if len(keep) == 0 {
		return all, nil
	}
	var out []*principal
next:
	for _, pr := range all {
		for _, k := range keep {
			if !k(pr) {
				continue next
			}
		}
		out = append(out, pr)
	}
	return out, nil
}

// mailAlias turns a secondary address at the initial domain into the primary one.
func (p *plan) mailAlias(id string) string {
	if local, dom, ok := strings.Cut(id, "@"); ok && strings.EqualFold(dom, p.initialDomain()) && len(p.find(id)) == 0 {
		return local + "@" + p.DefaultDomain()
	}
	return id
}

func recipientRows(t *Tenant, a args) (rows, *failure) {
	all, f := pick(a, t.plan.recipients(), recipientTypes, func(pr *principal) bool {
		return pr.rtd != "" && pr.rtd != "User" && (pr.mailbox == nil || !pr.mailbox.inactive)
	})
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, pr *principal) { t.plan.writeRecipient(b, pr) }), nil
}

var (
	recipientChanged = time.Date(2026, 6, 12, 11, 30, 0, 0, time.UTC)
	recipientCreated = time.Date(2025, 1, 15, 9, 10, 22, 0, time.UTC)
)

func (p *plan) writeRecipient(b *bag, pr *principal) {
	id := pr.identity()
	box := pr.mailbox != nil
	b.str("Alias", pr.alias)
	b.guid("ArchiveGuid", guid{})
	b.str("AuthenticationType", "Managed")
	b.str("City", "")
	b.str("Company", "")
	b.str("Department", "")
	b.str("ExternalDirectoryObjectId", pr.id.text())
	b.list("EmailAddresses", p.emailAddresses(pr, false))
	if pr.external != "" {
		b.str("ExternalEmailAddress", "SMTP:"+pr.external)
	} else {
		b.null("ExternalEmailAddress")
	}
	b.str("DisplayName", pr.display)
	b.str("FirstName", "")
	b.str("LastName", "")
	b.bool("HiddenFromAddressListsEnabled", pr.hidden)
	b.bool("IsDirSynced", false)
	b.list("ManagedBy", nil)
	b.null("Manager")
	b.str("PrimarySmtpAddress", pr.smtp)
	b.str("RecipientType", recipientType(pr.rtd))
	b.str("RecipientTypeDetails", pr.rtd)
	if len(pr.licences) > 0 {
		b.bool("SKUAssigned", true)
	} else {
		b.null("SKUAssigned")
	}
	b.bool("LitigationHoldEnabled", box && pr.mailbox.hold)
	b.list("InPlaceHolds", nil)
	b.null("WhenMailboxCreated")
	b.list("Capabilities", nil)
	if box && pr.group == nil {
		b.str("OwaMailboxPolicy", "OwaMailboxPolicy-Default")
		b.str("SharingPolicy", "Default Sharing Policy")
	} else {
		b.null("OwaMailboxPolicy")
		b.null("SharingPolicy")
	}
	b.null("RetentionPolicy")
	b.str("ArchiveStatus", "None")
	b.str("ArchiveState", "None")
	b.str("Identity", id)
	b.str("Name", id)
	b.str("DistinguishedName", p.distinguishedName(id))
	b.guid("Guid", pr.xid)
	b.guid("ExchangeObjectId", pr.xid)
	b.str("OrganizationId", p.organizationID())
	b.str("Id", id)
	b.date("WhenChangedUTC", dateUTC, recipientChanged)
	b.date("WhenCreatedUTC", dateUTC, recipientCreated)
	b.bool("IsValid", true)
	b.str("ObjectState", "Unchanged")
}

func groupMemberRows(t *Tenant, a args) (rows, *failure) {
	id, ok := a.text("identity")
	var groups []*principal
	if ok {
		for _, pr := range t.plan.find(id) {
			if pr.group != nil && pr.smtp != "" && pr.id != (guid{}) {
				groups = append(groups, pr)
			}
		}
		if len(groups) == 0 {
			return rows{}, notFound(id)
		}
	} else { // a null identity means every group
		for _, g := range t.plan.groups {
			if g.smtp != "" {
				groups = append(groups, g)
			}
		}
	}
	var members []*principal
	for _, g := range groups {
		for _, m := range t.plan.direct(g) {
			if m.kind != kindApp {
				members = append(members, m)
			}
		}
	}
	return rowsOf(members, func(b *bag, pr *principal) { t.plan.writeRecipient(b, pr) }), nil
}

func userRows(t *Tenant, a args) (rows, *failure) {
	var all []*principal
	for _, m := range t.plan.mailboxes {
		all = append(all, m.owner)
	}
	for _, u := range t.plan.users {
		if u.mailbox == nil {
			all = append(all, u)
		}
	}
	all, f := pick(a, all, recipientTypes, func(pr *principal) bool { return pr.kind == kindUser || pr.kind == kindGuest })
	if f != nil {
		return rows{}, f
	}
	return rowsOf(all, func(b *bag, pr *principal) { t.plan.writeUser(b, pr) }), nil
}

func (p *plan) writeUser(b *bag, u *principal) {
	id := u.identity()
	b.bool("IsSecurityPrincipal", true)
	b.str("SamAccountName", "$"+strings.ToUpper(u.xid.String()[:8]))
	b.str("Sid", u.sid())
	b.list("SidHistory", nil)
	b.str("UserPrincipalName", u.upn)
	b.bool("ResetPasswordOnNextLogon", false)
	b.list("CertificateSubject", nil)
	b.bool("RemotePowerShellEnabled", false)
	b.bool("EXOModuleEnabled", false)
	b.str("WindowsLiveID", u.upn)
	b.str("MicrosoftOnlineServicesID", u.upn)
	b.str("NetID", "1003200"+strings.ToUpper(u.xid.String()[:8])+"1")
	b.null("ConsumerNetID")
	b.str("UserAccountControl", "NormalAccount")
	b.str("OrganizationalUnit", "eurpr08a012.prod.outlook.com/Microsoft Exchange Hosted Organizations/"+p.initialDomain())
	b.bool("IsLinked", false)
	b.str("ExternalDirectoryObjectId", u.id.text())
	if len(u.licences) > 0 {
		b.bool("SKUAssigned", true)
	} else {
		b.null("SKUAssigned")
	}
	b.bool("AccountDisabled", u.disabled)
	b.null("AuthenticationPolicy")
	b.date("StsRefreshTokensValidFrom", dateUTC, u.created)
	b.null("BlockReason")
	b.bool("IsInactiveMailbox", false)
	b.bool("VIP", false)
	b.null("City")
	b.str("Company", p.company)
	b.str("CountryOrRegion", "Ireland")
	b.str("Department", "")
	b.list("DirectReports", nil)
	b.str("DisplayName", u.display)
	b.str("FirstName", "")
	b.str("LastName", "")
	b.null("Manager")
	b.null("Office")
	b.null("Phone")
	b.null("Title")
	b.str("RecipientType", recipientType(u.rtd))
	b.str("RecipientTypeDetails", u.rtd)
	b.str("PreviousRecipientTypeDetails", "None")
	b.str("WindowsEmailAddress", u.smtp)
	b.bool("IsDirSynced", false)
	b.str("Identity", id)
	b.str("Name", id)
	b.guid("Guid", u.xid)
	b.guid("ExchangeObjectId", u.xid)
	b.str("OrganizationId", p.organizationID())
	b.str("Id", id)
	b.date("WhenChangedUTC", dateUTC, recipientChanged)
	b.date("WhenCreatedUTC", dateUTC, u.created)
	b.bool("IsValid", true)
	b.str("ObjectState", "Unchanged")
}
