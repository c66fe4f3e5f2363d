package faketenant

import (
	"encoding/base64"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// moduleFile is the list of cmdlets that the caller may run.
func (x *exchange) moduleFile() {
	if x.r.Header.Get("Prefer") != "" {
		x.exo(http.StatusBadRequest, envelope("BadRequest", "The Prefer header is not supported for this resource.", "", ""))
		return
	}
	want := map[string]bool{}
	for _, n := range strings.Split(x.r.Header.Get("CommandName"), ",") {
		if n = strings.ToLower(strings.TrimSpace(n)); n != "" && n != "*" {
			want[n] = true
		}
	}
	var allowed []string
	var code strings.Builder
	for _, name := range x.t.exported() {
		if len(want) > 0 && !want[strings.ToLower(name)] {
			continue
		}
		allowed = append(allowed, name)
		code.WriteString("function script:" + name + " {}\n")
	}
	b := &bag{}
	b.start()
	b.str("@odata.context", x.base()+"/$metadata#Collection(Exchange.ModuleFile)")
	b.array("value", 2, func(i int) {
		b.start()
		if i == 0 {
			b.str("fileName", "ExchangeOnline.psd1")
			b.str("fileContent", "(omitted)")
			b.str("exportedCmdlets", strings.Join(allowed, ","))
		} else {
			b.str("fileName", "ExchangeOnline.psm1")
			b.str("fileContent", code.String())
			b.str("exportedCmdlets", "")
		}
		b.end()
	})
	b.end()
	x.exo(http.StatusOK, b.buf)
}

func (x *exchange) cmdletInfo() {
	b := &bag{}
	b.start()
	b.str("@odata.context", x.base()+"/$metadata#CmdletInfo")
	var shown []*cmdlet
	for _, c := range cmdletTable {
		if x.t.mayRun(c.name) {
			shown = append(shown, c)
		}
	}
	b.array("value", len(shown), func(i int) {
		b.start()
		b.str("CmdletName", shown[i].name)
		var params []string
		for _, d := range shown[i].params {
			params = append(params, d.name)
		}
		slices.Sort(params)
		b.list("Parameters", params)
		b.end()
	})
	b.end()
	x.exo(http.StatusOK, b.buf)
}

// entitySets are the sets that the service document names and that answer.
var entitySets = []string{"Mailbox", "CasMailbox", "Recipient", "CmdletInfo"}

func (x *exchange) serviceDocument() {
	b := &bag{}
	b.start()
	b.str("@odata.context", x.base()+"/$metadata")
	b.array("value", len(entitySets), func(i int) {
		b.start()
		b.str("name", entitySets[i])
		b.str("kind", "EntitySet")
		b.str("url", entitySets[i])
		b.end()
	})
	b.end()
	x.exo(http.StatusOK, b.buf)
}

// supported are the endpoints of v2.0 and the cmdlet behind each.
var supported = map[string]struct {
	cmdlet string
	keys   []string
}{
	"organizationconfig": {"Get-OrganizationConfig", []string{"Name", "DisplayName", "Identity", "Guid", "MailTipsAllTipsEnabled",
		"MailTipsExternalRecipientsTipsEnabled", "MailTipsGroupMetricsEnabled", "MailTipsLargeAudienceThreshold", "MailTipsMailboxSourcedTipsEnabled"}},
	"accepteddomain": {"Get-AcceptedDomain", []string{"DomainName", "DomainType", "Default", "Name", "Identity", "Guid"}},
	"mailbox": {"Get-Mailbox", []string{"Identity", "Id", "Name", "Guid", "ExternalDirectoryObjectId", "DisplayName", "PrimarySmtpAddress",
		"UserPrincipalName", "RecipientTypeDetails", "GrantSendOnBehalfTo"}},
	"mailboxfolderpermission":        {"Get-MailboxFolderPermission", nil},
	"distributiongroupmember":        {"Get-DistributionGroupMember", []string{"Identity", "Name", "DisplayName", "PrimarySmtpAddress", "RecipientTypeDetails", "Guid"}},
	"dynamicdistributiongroupmember": {"Get-DistributionGroupMember", []string{"Identity", "Name", "DisplayName", "PrimarySmtpAddress", "RecipientTypeDetails", "Guid"}},
}

// supportedPost is one of the six endpoints of v2.0, with their small property sets.
func (x *exchange) supportedPost(rest string) {
	e, ok := supported[strings.ToLower(rest)]
	if !ok {
		x.exo(http.StatusNotFound, envelope("NotFound", "Resource not found for the segment '"+rest+"'.", "", ""))
		return
	}
	if x.r.Method != http.MethodPost {
		x.exo(http.StatusMethodNotAllowed, envelope("MethodNotAllowed", "The requested resource does not support http method '"+x.r.Method+"'.", "", ""))
		return
	}
	body, err := io.ReadAll(io.LimitReader(x.r.Body, 1<<20))
	if err != nil {
		return
	}
	inv := x.invocation(x.r.URL, x.r.Header)
	if f := inv.decode(body); f != nil {
		x.exo(f.status, f.body)
		return
	}
	if !strings.EqualFold(inv.cmdlet, e.cmdlet) {
		x.cmdlets = append(x.cmdlets, inv.cmdlet)
		f := invalid("The cmdlet is not supported by this endpoint.", "Microsoft.OData.ODataException")
		x.exo(f.status, f.body)
		return
	}
	if len(inv.sel) == 0 {
		inv.sel = e.keys
	}
	x.deliver(x.t.invoke(x.r.Context(), inv, x))
}

// entityPath takes Mailbox('id')/MailboxFolder('id')/… apart.
var entityPath = regexp.MustCompile(`^(\w+)(?:\('((?:[^']|'')*)'\))?(?:/(.*))?$`)

// entity is a GET of the typed endpoints behind Get-EXO cmdlets.
func (x *exchange) entity(rest string) {
	m := entityPath.FindStringSubmatch(rest)
	if m == nil {
		x.exo(http.StatusNotFound, envelope("NotFound", "Resource not found for the segment '"+rest+"'.", "", ""))
		return
	}
	set, key, sub := strings.ToLower(m[1]), x.entityKey(m[2]), m[3]
	values := map[string]any{}
	if key != "" {
		values["identity"] = key
	}
	for _, q := range []string{"RecipientTypeDetails", "Anr"} {
		if v := queryValue(x.r.URL, q); v != "" {
			values[strings.ToLower(q)] = v
		}
	}
	for query, parameter := range map[string]string{"InactiveMailboxOnly": "inactivemailboxonly", "IncludeInactiveMailbox": "includeinactivemailbox",
		"SoftDeletedMailbox": "softdeletedmailbox", "GroupMailbox": "groupmailbox", "PublicFolder": "publicfolder"} {
		if strings.EqualFold(queryValue(x.r.URL, query), "true") {
			values[parameter] = true
		}
	}
	if f := queryValue(x.r.URL, "$filter"); f != "" {
		values["filter"] = odataFilter(f)
	}
	a := args{t: x.t, values: values}
	low := strings.ToLower(sub)
	switch {
	case set == "mailbox" && sub == "":
		x.entities("Get-Mailbox", "Mailbox", a, x.propertySet(mailboxSets), mailboxRows)
	case set == "recipient" && sub == "":
		x.entities("Get-Recipient", "Recipient", a, x.propertySet(recipientSets), recipientRows)
	case set == "casmailbox" && sub == "":
		x.entities("Get-CASMailbox", "CasMailbox", a, x.propertySet(casSets), casMailboxRows)
	case set == "mailbox" && low == "mailboxpermission":
		a.values["includeunresolvedpermissions"] = true
		x.entities("Get-MailboxPermission", "Mailbox('...')/MailboxPermission", a, nil, groupedPermissionRows)
	case set == "recipient" && low == "recipientpermission":
		x.entities("Get-RecipientPermission", "Recipient('...')/RecipientPermission", a, nil, inheritedSendRows)
	case set == "mailbox" && strings.HasPrefix(low, "exchange.getmailboxstatistics"):
		x.statistics(a)
	case set == "mailbox" && strings.HasPrefix(low, "mailboxfolder/exchange.getmailboxfolderstatistics"):
		if _, scope, ok := strings.Cut(sub, "ElcFolderType'"); ok {
			a.values["folderscope"] = strings.SplitN(scope, "'", 2)[0]
		}
		x.entities("Get-MailboxFolderStatistics", "Collection(Exchange.MailboxFolderStatistics)", a, nil, sizedFolderRows)
	case set == "mailbox" && strings.HasPrefix(low, "mailboxfolder("):
		fm := entityPath.FindStringSubmatch(sub)
		if fm == nil || !strings.EqualFold(fm[3], "mailboxfolderpermission") {
			x.exo(http.StatusNotFound, envelope("NotFound", "Resource not found for the segment '"+sub+"'.", "", ""))
			return
		}
		a.values["identity"] = key + ":" + x.entityKey(fm[2])
		x.entities("Get-MailboxFolderPermission", "Mailbox('...')/MailboxFolder('...')/MailboxFolderPermission", a, nil, typedFolderRows)
	default:
		x.exo(http.StatusNotFound, envelope("NotFound", "Resource not found for the segment '"+m[1]+"'.", "", ""))
	}
}

// entityKey decodes a key: base64 with isEncoded=true, else the text with doubled quotes.
func (x *exchange) entityKey(s string) string {
	if strings.EqualFold(queryValue(x.r.URL, "isEncoded"), "true") {
		if b, err := base64.StdEncoding.DecodeString(s); err == nil {
			return string(b)
		}
	}
	return strings.ReplaceAll(s, "''", "'")
}

// odataFilter rewrites the operators of OData into those of OPATH.
func odataFilter(s string) string {
	r := strings.NewReplacer(" eq ", " -eq ", " ne ", " -ne ", " and ", " -and ", " or ", " -or ", " eq true", " -eq $true", " eq false", " -eq $false")
	return r.Replace(s)
}

// Property sets of the typed endpoints.
var (
	mailboxSets = map[string][]string{
		"minimum": {"ExternalDirectoryObjectId", "UserPrincipalName", "Alias", "DisplayName", "DistinguishedName", "EmailAddresses", "ExchangeVersion", "Guid",
			"Id", "Name", "OrganizationId", "PrimarySmtpAddress", "RecipientType", "RecipientTypeDetails"},
		"audit":    {"AuditAdmin", "AuditDelegate", "AuditEnabled", "AuditLogAgeLimit", "AuditOwner", "DefaultAuditSet"},
		"delivery": {"ForwardingAddress", "ForwardingSmtpAddress", "DeliverToMailboxAndForward", "GrantSendOnBehalfTo", "MessageCopyForSentAsEnabled", "MessageCopyForSendOnBehalfEnabled"},
		"hold":     {"LitigationHoldEnabled", "LitigationHoldDate", "LitigationHoldDuration", "InPlaceHolds", "RetentionHoldEnabled", "ComplianceTagHoldApplied"},
	}
	recipientSets = map[string][]string{
		"minimum": {"ExternalDirectoryObjectId", "DisplayName", "EmailAddresses", "Identity", "Name", "OrganizationId", "PrimarySmtpAddress", "RecipientType", "RecipientTypeDetails"},
	}
	casSets = map[string][]string{
		"minimum": {"Guid", "Identity", "Name", "DisplayName", "PrimarySmtpAddress", "EmailAddresses", "ActiveSyncEnabled", "ECPEnabled", "EwsEnabled", "ImapEnabled",
			"MAPIEnabled", "OWAEnabled", "PopEnabled", "ServerLegacyDN", "ExchangeVersion", "OrganizationId"},
	}
)

// propertySet lists what PropertySet and $select ask for; nil is everything.
func (x *exchange) propertySet(sets map[string][]string) []string {
	out := slices.Clone(sets["minimum"])
	for _, n := range strings.Split(queryValue(x.r.URL, "PropertySet"), ",") {
		n = strings.ToLower(strings.TrimSpace(n))
		if n == "all" {
			return nil
		}
		out = append(out, sets[n]...)
	}
	return append(out, selectOf(x.r.URL)...)
}

// entities answers a list of the typed endpoints, followed by GET.
func (x *exchange) entities(cmdletName, context string, a args, sel []string, from func(*Tenant, args) (rows, *failure)) {
	x.t.invocations.Add(1)
	x.cmdlets = append(x.cmdlets, cmdletName)
	if !wait(x.r.Context(), x.t.opt.InvocationLatency) {
		return
	}
	if !x.t.mayRun(cmdletName) {
		x.exo(http.StatusUnauthorized, entityError("Unauthorized", "User is not allowed to call "+cmdletName))
		return
	}
	rs, f := from(x.t, a)
	if f != nil {
		x.exo(f.status, f.body)
		return
	}
	offset, size := 0, 1000
	if n := pageSize(x.r.Header.Get("Prefer")); n > 0 {
		size = min(size, n)
	}
	if x.t.opt.PageSizeCap > 0 {
		size = min(size, x.t.opt.PageSizeCap)
	}
	if n, err := strconv.Atoi(queryValue(x.r.URL, "$top")); err == nil && n > 0 {
		size = min(size, n)
	}
	if s := queryValue(x.r.URL, "$skiptoken"); s != "" {
		tk, ok := decodeToken(s)
		if !ok || tk.Cmdlet != cmdletName {
			f := badPage()
			x.exo(f.status, f.body)
			return
		}
		offset = min(tk.Offset, rs.n)
	}
	end := min(offset+size, rs.n)
	b := &bag{}
	s := newSelection(sel)
	b.start()
	b.str("@odata.context", x.base()+"/$metadata#"+context)
	if end < rs.n {
		q := x.r.URL.Query()
		q.Set("$skiptoken", encodeToken(pageToken{Cmdlet: cmdletName, Offset: end}))
		b.str("@odata.nextLink", x.origin()+x.r.URL.EscapedPath()+"?"+q.Encode())
	}
	b.array("value", end-offset, func(i int) {
		b.sel = s
		b.start()
		rs.write(b, offset+i)
		b.end()
		b.sel = nil
	})
	b.end()
	x.exo(http.StatusOK, b.buf)
}

// groupedPermissionRows is one row per trustee with the list of its permissions.
func groupedPermissionRows(t *Tenant, a args) (rows, *failure) {
	boxes, f := t.boxes(a, "identity")
	if f != nil {
		return rows{}, f
	}
	var order []string
	byUser := map[string][]permissionWire{}
	for _, m := range boxes {
		for _, w := range permissionsOnWire(m, true) {
			k := m.id() + "\x00" + w.user
			if byUser[k] == nil {
				order = append(order, k)
			}
			byUser[k] = append(byUser[k], w)
		}
	}
	return rowsOf(order, func(b *bag, k string) {
		all := byUser[k]
		b.str("PermissionId", all[0].user)
		b.str("MailboxIdentity", all[0].m.owner.identity())
		b.str("User", all[0].user)
		b.bool("IsOwner", false)
		b.array("PermissionList", len(all), func(i int) {
			var rights []string
			for _, r := range all[i].rights {
				rights = append(rights, strings.Split(r, ", ")...)
			}
			b.start()
			b.list("AccessRights", rights)
			b.bool("IsInherited", all[i].inherited)
			b.bool("Deny", all[i].deny)
			b.str("InheritanceType", "All")
			b.end()
		})
	}), nil
}

// inheritedSendRows adds IsInherited, which the cmdlet form lacks.
func inheritedSendRows(t *Tenant, a args) (rows, *failure) {
	hit, f := pick(a, nil, nil, func(pr *principal) bool { return pr.rtd != "" && pr.rtd != "User" })
	if f != nil {
		return rows{}, f
	}
	var all []sendWire
	for _, r := range hit {
		all = append(all, t.plan.sendRows(r)...)
	}
	return rowsOf(all, func(b *bag, w sendWire) {
		b.str("Identity", w.on.identity())
		b.str("Trustee", w.trustee)
		b.str("AccessControlType", w.access)
		b.list("AccessRights", []string{"SendAs"})
		b.bool("IsInherited", false)
		b.str("InheritanceType", "None")
	}), nil
}

// typedFolderRows adds who the user of a row is.
func typedFolderRows(t *Tenant, a args) (rows, *failure) {
	id, _ := a.text("identity")
	box, what := splitFolder(id)
	a.values["box"] = box
	boxes, f := t.boxes(a, "box")
	if f != nil {
		return rows{}, f
	}
	m := boxes[0]
	fo, ok := t.plan.folderByIdentity(m, what)
	if !ok {
		return rows{}, notFound(id)
	}
	return rowsOf(m.grantsOn(fo), func(b *bag, g folderGrant) {
		b.str("Identity", g.as)
		b.str("MailboxFolderIdentity", m.owner.identity()+`:\`+strings.ReplaceAll(strings.TrimPrefix(fo.path, "/"), "/", `\`))
		b.str("FolderName", fo.name)
		b.str("User", g.as)
		b.object("MailboxFolderUser", func() {
			kind := map[string]string{kindDefault: "Default", kindAnonymous: "Anonymous", kindExternal: "External", kindOrphaned: "Unknown"}[g.kind]
			upn := ""
			if kind == "" {
				kind = "Internal"
			}
			if g.ref != nil {
				upn = g.ref.upn
			}
			b.opt("UserPrincipalName", upn)
			b.str("UserType", kind)
			b.str("DisplayName", g.as)
		})
		b.list("AccessRights", g.roles)
		b.opt("SharingPermissionFlags", g.flags)
	}), nil
}

// sizedFolderRows gives sizes in bytes.
func sizedFolderRows(t *Tenant, a args) (rows, *failure) {
	boxes, f := t.boxes(a, "identity")
	if f != nil {
		return rows{}, f
	}
	scope, _ := a.text("folderscope")
	var all []folderStat
	for _, m := range boxes {
		for _, fo := range scoped(m.folders(), scope) {
			all = append(all, folderStat{m, fo})
		}
	}
	return rowsOf(all, func(b *bag, s folderStat) {
		b.str("Name", s.f.name)
		b.str("FolderPath", s.f.path)
		b.str("FolderId", t.plan.folderID(s.m, s.f.number))
		b.str("FolderType", s.f.typ)
		b.bool("ContentFolder", !s.f.recoverable)
		b.str("ContainerClass", s.f.class)
		b.int("ItemsInFolder", 7)
		b.int("HiddenItemsInFolder", 0)
		b.int("FolderSize", 2306867)
		b.int("FolderAndSubfolderSize", 2306867)
		b.str("Identity", s.m.owner.identity()+strings.ReplaceAll(s.f.path, "/", `\`))
	}), nil
}

// statistics answers one object.
func (x *exchange) statistics(a args) {
	x.t.invocations.Add(1)
	x.cmdlets = append(x.cmdlets, "Get-MailboxStatistics")
	if !x.t.mayRun("Get-MailboxStatistics") {
		x.exo(http.StatusUnauthorized, entityError("Unauthorized", "User is not allowed to call Get-MailboxStatistics"))
		return
	}
	boxes, f := x.t.boxes(a, "identity")
	if f != nil {
		x.exo(f.status, f.body)
		return
	}
	m := boxes[0]
	b := &bag{}
	b.start()
	b.str("@odata.context", x.base()+"/$metadata#Exchange.MailboxStatistics")
	b.str("DisplayName", m.owner.display)
	b.str("MailboxGuid", m.store.String())
	b.int("ItemCount", 4821)
	b.int("DeletedItemCount", 240)
	b.int("TotalItemSize", 1292785156)
	b.int("TotalDeletedItemSize", 33449574)
	b.date("LastLogonTime", dateGraph, x.t.plan.now.AddDate(0, 0, -2))
	b.str("MailboxTypeDetail", m.typ)
	b.bool("IsArchiveMailbox", false)
	b.end()
	x.exo(http.StatusOK, b.buf)
}
