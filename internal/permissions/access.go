package permissions

import (
	"strings"

	"tenantaudit/internal/facts"
	"tenantaudit/internal/snapshot"
	"tenantaudit/internal/texts"
)

// MostLeaves is the number of people and applications up to which a group is shown
// by its members; a larger one stands for them in one row.
const MostLeaves = 1000

// MostGroupRows is the number of entries times members up to which a group is shown by
// its members: 300 people with Full Access to 100,000 mailboxes are a group in 100,000
// rows and not 30 million rows of people.
const MostGroupRows = 1_000_000

// The values of AccessRow.Route.
const (
	RouteFullAccess        = "fullAccess"
	RouteMailboxPermission = "mailboxPermission"
	RouteFolder            = "folder"
	RouteSendAs            = "sendAs"
	RouteSendOnBehalf      = "sendOnBehalf"
	RouteApplication       = "application"
	RouteDelegatedGrant    = "delegatedGrant"
	RouteExchangeRole      = "exchangeRole"
	RouteDirectoryRole     = "directoryRole"
	RouteForwarding        = "forwarding"
	RouteInboxRule         = "inboxRule"
	RouteTransportRule     = "transportRule"
)

// AccessInputs are the datasets that effective access is computed from.
var AccessInputs = []snapshot.Dataset{
	snapshot.Mailboxes, snapshot.MailboxPermissions, snapshot.SendAs, snapshot.SendOnBehalf, snapshot.FolderPermissions,
	snapshot.InboxRules, snapshot.TransportRules, snapshot.GroupMembers, snapshot.ServicePrincipals, snapshot.OAuth2PermissionGrants,
	snapshot.AppRoleAssignments, snapshot.ApplicationAccessPolicies, snapshot.ExchangeRoleAssignments,
	snapshot.ManagementRoleAssignments, snapshot.DirectoryRoleAssignments,
}

// Access computes who other than its owner reaches a mailbox, what for and by which
// route. It is fed with rows of AccessInputs in any order, and with the groups whose
// members are known; Rows then gives the answer mailbox by mailbox.
//
// It keeps what decides, in a compact form: a grant is 16 bytes and every text is
// kept once. Groups are expanded when their mailbox is at hand, and never stored
// expanded. Not safe for concurrent use.
type Access struct {
	dir    *Directory // may be nil
	most   int64      // MostLeaves
	rows   int64      // MostGroupRows
	texts  *texts.Table
	people map[uint32]person // by the text of their id

	boxes    []box
	boxAt    map[uint32]uint32 // id as in the rows -> index of boxes
	ownBox   map[uint32]uint32 // id as of a principal -> index of boxes
	trustees []trustee
	holderAt map[trustee]uint32
	groups   map[uint32]*group
	apps     map[uint32]app    // service principals by id
	byAppID  map[uint32]uint32 // app id -> id

	grants  []grant
	folders []folderRef
	read    []folderMark
	leaving []leaving
	// tenantRules are the transport rules among them.
	tenantRules []leaving

	appRoles  []appRole
	delegated []delegated
	policies  []snapshot.ApplicationAccessPolicy
	exchange  []snapshot.ExchangeRoleAssignment
	direct    []snapshot.ManagementRoleAssignment
	directory []snapshot.DirectoryRoleAssignment
}

// NewAccess returns an engine without rows. dir names people and finds the target of
// an internal forwarding; without it names come from the rows alone.
func NewAccess(dir *Directory) *Access {
	kept := texts.New()
	if dir != nil {
		kept = dir.texts // most of what rows say is there already
	}
	return &Access{
		dir: dir, most: MostLeaves, rows: MostGroupRows, texts: kept, people: map[uint32]person{}, boxAt: map[uint32]uint32{}, ownBox: map[uint32]uint32{},
		holderAt: map[trustee]uint32{}, groups: map[uint32]*group{}, apps: map[uint32]app{}, byAppID: map[uint32]uint32{},
	}
}

// KnownGroup says that the members of a group were read in full, be it that there
// are none. The members of other groups count as not known.
func (a *Access) KnownGroup(id string) { a.group(a.id(id)).known = true }

// Add takes a row of one of AccessInputs; rows of other datasets are ignored.
func (a *Access) Add(row any) {
	switch r := row.(type) {
	case snapshot.Mailbox:
		a.addMailbox(r)
	case snapshot.MailboxPermission:
		a.addMailboxPermission(r)
	case snapshot.SendAsPermission:
		a.addSendAs(r)
	case snapshot.SendOnBehalfDelegate:
		a.addSendOnBehalf(r)
	case snapshot.FolderPermission:
		a.addFolder(r)
	case snapshot.InboxRule:
		a.addInboxRule(r)
	case snapshot.TransportRule:
		a.addTransportRule(r)
	case snapshot.GroupMember:
		a.addMember(r)
	default:
		a.addTenantWide(row)
	}
}

// addTenantWide takes the rows of which a tenant has few.
func (a *Access) addTenantWide(row any) {
	switch r := row.(type) {
	case snapshot.ServicePrincipal:
		id, appID := a.id(r.ID), a.id(r.AppID)
		a.apps[id] = app{appID: appID, firstParty: r.FirstParty, disabled: r.AccountEnabled != nil && !*r.AccountEnabled}
		if r.AppID != "" {
			a.byAppID[appID] = id
		}
		a.meet(id, r.DisplayName, "", byObject)
	case snapshot.OAuth2PermissionGrant:
		a.addDelegated(r)
	case snapshot.AppRoleAssignment:
		a.addAppRole(r)
	case snapshot.ApplicationAccessPolicy:
		a.policies = append(a.policies, r)
	case snapshot.ExchangeRoleAssignment:
		if opensMailboxes(r.Roles) {
			a.exchange = append(a.exchange, r)
		}
	case snapshot.ManagementRoleAssignment:
		if opensMailboxes([]string{r.Role}) && !r.Delegating && (r.Enabled == nil || *r.Enabled) {
			a.direct = append(a.direct, r)
		}
	case snapshot.DirectoryRoleAssignment:
		if _, ok := facts.MailboxAdministrator(r.RoleTemplateID); ok && r.Scope == "/" {
			a.directory = append(a.directory, r)
		}
	}
}

func opensMailboxes(roles []string) bool {
	for _, role := range roles {
		if _, ok := facts.ExchangeRole(role); ok {
			return true
		}
	}
	return false
}

func (a *Access) addMailbox(m snapshot.Mailbox) {
	n := a.box(m.Mailbox, m.MailboxAddress)
	a.boxes[n].known = true
	a.boxes[n].group = strings.EqualFold(m.RecipientTypeDetails, "GroupMailbox")
	if _, taken := a.ownBox[a.id(m.Mailbox)]; !taken {
		a.ownBox[a.id(m.Mailbox)] = n
	}
	a.meet(a.id(m.Mailbox), m.DisplayName, m.MailboxAddress, byObject)
	a.addForwarding(n, m)
}

func (a *Access) addMailboxPermission(p snapshot.MailboxPermission) {
	var can rights
	for _, r := range p.Rights {
		switch {
		case strings.EqualFold(r, FullAccess):
			can |= canFullAccess
		case strings.EqualFold(r, ChangePermission):
			can |= canChangePermission
		case strings.EqualFold(r, ChangeOwner):
			can |= canChangeOwner
		case strings.EqualFold(r, DeleteItem):
			can |= canDeleteItem
		}
	}
	if can == 0 || p.TrusteeType == snapshot.TrusteeWellKnown || p.TrusteeSID == facts.SelfSID {
		return
	}
	a.grants = append(a.grants, grant{
		box: a.box(p.Mailbox, p.MailboxAddress), holder: a.holder(p.TrusteeRef, p.TrusteeSID),
		kind: grantMailbox, rights: can, deny: p.Deny, inherited: p.Inherited,
	})
}

func (a *Access) addSendAs(p snapshot.SendAsPermission) {
	deny := strings.EqualFold(p.AccessControlType, "Deny")
	if p.Mailbox == nil || p.TrusteeType == snapshot.TrusteeWellKnown || p.TrusteeSID == facts.SelfSID || !deny && !strings.EqualFold(p.AccessControlType, "Allow") {
		return
	}
	for _, r := range p.Rights {
		if strings.EqualFold(r, SendAs) {
			a.grants = append(a.grants, grant{
				box: a.box(*p.Mailbox, deref(p.MailboxAddress)), holder: a.holder(p.TrusteeRef, p.TrusteeSID),
				kind: grantSendAs, rights: canSendAs, deny: deny, detail: a.texts.Ref(p.Recipient),
			})
			return
		}
	}
}

func (a *Access) addSendOnBehalf(p snapshot.SendOnBehalfDelegate) {
	if p.TrusteeType != snapshot.TrusteeWellKnown {
		a.grants = append(a.grants, grant{
			box: a.box(p.Mailbox, p.MailboxAddress), holder: a.holder(p.TrusteeRef, ""), kind: grantSendOnBehalf, rights: canSendOnBehalf,
		})
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
