package permissions

import (
	"cmp"
	"strings"
	"unicode"

	"tenantaudit/internal/snapshot"
)

// quoted writes a text of the tenant as a PowerShell string that holds nothing but
// itself. PowerShell takes the typographic single quotes for quotes too. Signs that
// could end the line, or change its direction, are no part of a command.
func quoted(s string) string {
	plain := func(c byte) bool { return c >= ' ' && c < 0x7f && c != '\'' }
	n := 0
	for n < len(s) && plain(s[n]) {
		n++
	}
	if n == len(s) {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r >= '\u2018' && r <= '\u201b':
			b.WriteRune(r)
			b.WriteRune(r)
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			b.WriteRune('\ufffd')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// command joins a command and its parameters, of which every second is a value.
func command(name string, parameters ...string) string {
	for i := 0; i+1 < len(parameters); i += 2 {
		name += " " + parameters[i] + " " + quoted(parameters[i+1])
	}
	return name
}

// userName is how a command names a trustee.
func (c *answer) userName(t trustee) string {
	if t.kind == kindExternal {
		return c.texts.Get(t.name)
	}
	return c.texts.Get(t.who)
}

// closeGrant is the command for a grant to the principal itself; for a member of a
// group, the one that ends the membership.
func (c *answer) closeGrant(h holder, direct func() string) string {
	if h.group == 0 {
		return direct()
	}
	group, member := c.texts.Get(h.group), c.texts.Get(h.who)
	if c.dir != nil {
		// Groups that Exchange keeps cannot be changed through Graph.
		if e, ok := c.dir.ByID(group); ok && strings.HasPrefix(e.Details, "MailUniversal") || ok && e.ID == "" {
			return command("Remove-DistributionGroupMember", "-Identity", group, "-Member", member)
		}
	}
	return command("Remove-MgGroupMemberByRef", "-GroupId", group, "-DirectoryObjectId", member)
}

func closeMailboxPermission(mailbox, user, right string) string {
	return command("Remove-MailboxPermission", "-Identity", mailbox, "-User", user) + " -AccessRights " + right + " -InheritanceType All"
}

// closeInherited: an inherited entry cannot be removed from the mailbox, an explicit Deny beats it.
func closeInherited(mailbox, user, right string) string {
	return command("Add-MailboxPermission", "-Identity", mailbox, "-User", user) + " -AccessRights " + right + " -Deny"
}

func closeSendAs(mailbox, trustee string) string {
	return command("Remove-RecipientPermission", "-Identity", mailbox, "-Trustee", trustee) + " -AccessRights SendAs"
}

func closeSendOnBehalf(mailbox, delegate string) string {
	return command("Set-Mailbox", "-Identity", mailbox) + " -GrantSendOnBehalfTo @{Remove=" + quoted(delegate) + "}"
}

// closeFolder names the folder by its path, or by its id where the path is not how
// commands write it. The entries of Default and Anonymous can be lowered, not removed.
func (c *answer) closeFolder(f folderRef, t trustee) string {
	path := c.texts.Get(f.path)
	folder := c.boxName() + ":" + strings.ReplaceAll(path, "/", `\`)
	switch {
	case f.root:
		folder = c.boxName() + `:\`
	case !strings.HasPrefix(path, "/") || strings.ContainsRune(path, '\uf8ff') || strings.Contains(path, `\`):
		folder = c.boxName() + ":" + c.texts.Get(f.id)
	}
	if name := kinds[t.kind]; name == snapshot.TrusteeDefault || name == snapshot.TrusteeAnonymous {
		role := RoleNone
		if f.calendar && name == snapshot.TrusteeDefault {
			role = RoleAvailabilityOnly
		}
		user := map[string]string{snapshot.TrusteeDefault: "Default", snapshot.TrusteeAnonymous: "Anonymous"}[name]
		return command("Set-MailboxFolderPermission", "-Identity", folder) + " -User " + user + " -AccessRights " + role
	}
	return command("Remove-MailboxFolderPermission", "-Identity", folder, "-User", c.userName(t))
}

func (c *answer) closeAppRole(principal uint32, k kind, assignment string) string {
	if k == kindGroup {
		return command("Remove-MgGroupAppRoleAssignment", "-GroupId", c.texts.Get(principal), "-AppRoleAssignmentId", assignment)
	}
	return command("Remove-MgServicePrincipalAppRoleAssignment", "-ServicePrincipalId", c.texts.Get(principal), "-AppRoleAssignmentId", assignment)
}

func closeConsent(grant string) string {
	return command("Remove-MgOauth2PermissionGrant", "-OAuth2PermissionGrantId", grant)
}

func closeRoleAssignment(id string) string {
	return command("Remove-ManagementRoleAssignment", "-Identity", id)
}

func closeRoleGroup(roleGroup, member string) string {
	return command("Remove-RoleGroupMember", "-Identity", roleGroup, "-Member", member)
}

func closeDirectoryRole(r snapshot.DirectoryRoleAssignment) string {
	if r.Assignment == "eligible" {
		return command("New-MgRoleManagementDirectoryRoleEligibilityScheduleRequest", "-Action", "adminRemove", "-PrincipalId", r.Member,
			"-RoleDefinitionId", r.RoleTemplateID, "-DirectoryScopeId", cmp.Or(r.Scope, "/"))
	}
	return command("Remove-MgRoleManagementDirectoryRoleAssignment", "-UnifiedRoleAssignmentId", r.ID)
}

func closeForwarding(mailbox string) string {
	return command("Set-Mailbox", "-Identity", mailbox) + " -ForwardingAddress $null -ForwardingSmtpAddress $null"
}

func closeInboxRule(mailbox, rule string) string {
	return command("Remove-InboxRule", "-Mailbox", mailbox, "-Identity", rule)
}

func closeTransportRule(rule string) string {
	return command("Disable-TransportRule", "-Identity", rule)
}
