package redact

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"tenantaudit/internal/snapshot"
)

type rule func(*Redactor, string) string

func keep(_ *Redactor, v string) string { return v }

// The rules of the table, by what a field holds.
var (
	value     rule = (*Redactor).value
	id        rule = (*Redactor).id
	opaque    rule = (*Redactor).opaque
	number    rule = (*Redactor).number
	sid       rule = (*Redactor).sid
	text      rule = (*Redactor).text
	domain    rule = (*Redactor).domainName
	host      rule = (*Redactor).host
	target    rule = (*Redactor).target
	condition rule = (*Redactor).condition
	sharing   rule = (*Redactor).sharing
	path      rule = (*Redactor).path
	scope     rule = (*Redactor).directoryScope
	policy    rule = (*Redactor).grantPolicy
	role      rule = (*Redactor).role
	targets   rule = func(r *Redactor, v string) string { return r.joined(", ", r.target)(v) }
)

// inContext marks fields whose meaning depends on the rest of their row; access does them.
func inContext(*Redactor, string) string {
	panic("redact: a field of the access rows was left to the table")
}

// fields is what happens to each text of each row type. Kept is what the services choose from
// a list of their own: states, kinds, rights, licences.
var fields = map[string]rule{
	"SKU.SKUID": keep, "SKU.SKUPartNumber": keep, "SKU.Name": keep, "SKU.Status": keep, "SKU.ServicePlans": keep, "SKU.ServicePlanIDs": keep,
	"UserLicence.User": id, "UserLicence.UserPrincipalName": value, "UserLicence.SKUID": keep, "UserLicence.SKUPartNumber": keep, "UserLicence.Name": keep,
	"UserLicence.DisabledPlans": keep, "UserLicence.EntraPremium": keep,
	"OrganizationConfig.Name": value, "OrganizationConfig.DefaultAuthenticationPolicy": text,
	"UnifiedAudit.Name": value,

	"Mailbox.Mailbox": value, "Mailbox.MailboxAddress": value, "Mailbox.UserPrincipalName": value, "Mailbox.DisplayName": value, "Mailbox.RecipientTypeDetails": keep,
	"Mailbox.AuditOwner": keep, "Mailbox.AuditDelegate": keep, "Mailbox.AuditAdmin": keep, "Mailbox.DefaultAuditSet": keep,
	"Mailbox.ForwardingAddress": target, "Mailbox.ForwardingSMTPAddress": target, "Mailbox.ForwardingTarget": targets, "Mailbox.ForwardingTargetType": keep,
	"Mailbox.ForwardingExternalRecipients": target,
	"AuditBypass.Identity":                 value, "AuditBypass.PrincipalID": value, "AuditBypass.PrincipalName": value,

	"InboxRule.Mailbox": value, "InboxRule.MailboxAddress": value, "InboxRule.RuleIdentity": number, "InboxRule.Name": text, "InboxRule.Conditions": condition,
	"InboxRule.Actions": condition, "InboxRule.ForwardTo": target, "InboxRule.ForwardAsAttachmentTo": target, "InboxRule.RedirectTo": target,
	"InboxRule.MoveToFolder": path, "InboxRule.ExternalRecipients": target,
	"TransportRule.RuleID": value, "TransportRule.Name": text, "TransportRule.State": keep, "TransportRule.Mode": keep, "TransportRule.Conditions": condition,
	"TransportRule.Exceptions": condition, "TransportRule.Actions": condition, "TransportRule.BlindCopyTo": target, "TransportRule.CopyTo": target,
	"TransportRule.RedirectTo": target, "TransportRule.AddToRecipients": target, "TransportRule.SetSCL": keep, "TransportRule.ExternalRecipients": target,
	"RemoteDomain.Name": value, "RemoteDomain.DomainName": domain,
	"OutboundSpamPolicy.Name": value, "OutboundSpamPolicy.AutoForwardingMode": keep, "OutboundSpamPolicy.AppliesTo": appliesTo, "OutboundSpamPolicy.RuleState": keep,
	"Connector.Direction": keep, "Connector.Name": value, "Connector.Type": keep, "Connector.SmartHosts": host, "Connector.RecipientDomains": host,
	"Connector.SenderDomains": host, "Connector.SenderIPAddresses": text, "Connector.TLSSenderCertificateName": host, "Connector.TLSSettings": keep, "Connector.TLSDomain": host,
	"AcceptedDomain.DomainName": domain, "AcceptedDomain.DomainType": keep, "AcceptedDomain.Source": keep,

	"TrusteeRef.Trustee": value, "TrusteeRef.TrusteeID": value, "TrusteeRef.TrusteeAddress": value, "TrusteeRef.TrusteeType": keep, "TrusteeRef.Candidates": text,
	"MailboxPermission.Mailbox": value, "MailboxPermission.MailboxAddress": value, "MailboxPermission.TrusteeSID": sid, "MailboxPermission.Rights": keep,
	"SendAsPermission.Recipient": value, "SendAsPermission.RecipientAddress": value, "SendAsPermission.RecipientType": keep, "SendAsPermission.Mailbox": value,
	"SendAsPermission.MailboxAddress": value, "SendAsPermission.TrusteeSID": sid, "SendAsPermission.Rights": keep, "SendAsPermission.AccessControlType": keep,
	"SendOnBehalfDelegate.Mailbox": value, "SendOnBehalfDelegate.MailboxAddress": value,
	"FolderPermission.Mailbox": value, "FolderPermission.MailboxAddress": value, "FolderPermission.FolderPath": path, "FolderPermission.FolderID": opaque,
	"FolderPermission.FolderType": keep, "FolderPermission.Roles": keep, "FolderPermission.Rights": keep, "FolderPermission.SharingFlags": keep,

	"Credential.Kind": keep, "Credential.On": keep, "Credential.KeyID": opaque, "Credential.Usage": keep,
	"ObjectRef.ID": value, "ObjectRef.Name": value, "ObjectRef.Type": keep,
	"ServicePrincipal.ID": id, "ServicePrincipal.AppID": id, "ServicePrincipal.DisplayName": value, "ServicePrincipal.ServicePrincipalType": keep,
	"ServicePrincipal.AppOwnerOrganizationID": id, "ServicePrincipal.VerifiedPublisher": value, "ServicePrincipal.KnownBad": keep,
	"OAuth2PermissionGrant.ID": opaque, "OAuth2PermissionGrant.Client": id, "OAuth2PermissionGrant.ClientName": value, "OAuth2PermissionGrant.ConsentType": keep,
	"OAuth2PermissionGrant.Principal": id, "OAuth2PermissionGrant.PrincipalName": value, "OAuth2PermissionGrant.Resource": id, "OAuth2PermissionGrant.ResourceName": value,
	"OAuth2PermissionGrant.Scope": value, "OAuth2PermissionGrant.Tier": keep,
	"AppRoleAssignment.ID": opaque, "AppRoleAssignment.Principal": id, "AppRoleAssignment.PrincipalType": keep, "AppRoleAssignment.PrincipalName": value,
	"AppRoleAssignment.Resource": id, "AppRoleAssignment.ResourceName": value, "AppRoleAssignment.AppRoleID": id, "AppRoleAssignment.AppRole": role, "AppRoleAssignment.Tier": keep,

	"DirectoryRoleAssignment.ID": opaque, "DirectoryRoleAssignment.Role": value, "DirectoryRoleAssignment.RoleTemplateID": id, "DirectoryRoleAssignment.Member": value,
	"DirectoryRoleAssignment.MemberType": keep, "DirectoryRoleAssignment.MemberName": value, "DirectoryRoleAssignment.Assignment": keep, "DirectoryRoleAssignment.Scope": scope,
	"ExchangeRoleAssignment.RoleGroup": value, "ExchangeRoleAssignment.Roles": value, "ExchangeRoleAssignment.Member": value, "ExchangeRoleAssignment.MemberType": keep,
	"ExchangeRoleAssignment.MemberName": value,
	"ApplicationAccessPolicy.ID":        value, "ApplicationAccessPolicy.Kind": keep, "ApplicationAccessPolicy.AppID": id, "ApplicationAccessPolicy.AccessRight": value,
	"ApplicationAccessPolicy.Scope": value, "ApplicationAccessPolicy.ScopeID": value,
	"GroupMember.Group": value, "GroupMember.GroupName": value, "GroupMember.Member": value, "GroupMember.MemberType": keep, "GroupMember.MemberName": value,
	"User.User": id, "User.UserPrincipalName": value, "User.DisplayName": value, "User.Mail": value, "User.UserType": keep,
	"TransportConfig.Name": value,
	"CASMailbox.Mailbox":   value, "CASMailbox.MailboxAddress": value, "CASMailbox.SMTPAuth": keep,
	"SharingPolicy.Name": value, "SharingPolicy.Domains": sharing,
	"AuthorizationPolicy.ID": value, "AuthorizationPolicy.PermissionGrantPolicies": policy, "AuthorizationPolicy.AllowInvitesFrom": keep, "AuthorizationPolicy.GuestUserRoleID": id,
	"AdminConsentPolicy.ID": value, "AdminConsentPolicy.Reviewers": scope,
	"RoleAssignmentSchedule.ID": opaque, "RoleAssignmentSchedule.Role": value, "RoleAssignmentSchedule.RoleTemplateID": id, "RoleAssignmentSchedule.Member": value,
	"RoleAssignmentSchedule.MemberType": keep, "RoleAssignmentSchedule.MemberName": value, "RoleAssignmentSchedule.AssignmentType": keep, "RoleAssignmentSchedule.Scope": scope,
	"ManagementRoleAssignment.ID": value, "ManagementRoleAssignment.Role": value, "ManagementRoleAssignment.Assignee": value, "ManagementRoleAssignment.AssigneeName": value,
	"ManagementRoleAssignment.AssigneeType": keep, "ManagementRoleAssignment.AppID": id, "ManagementRoleAssignment.Scope": value, "ManagementRoleAssignment.ScopeID": value,

	"AccessRow.Mailbox": value, "AccessRow.MailboxAddress": value, "AccessRow.Principal": value, "AccessRow.PrincipalName": value, "AccessRow.PrincipalAddress": value,
	"AccessRow.PrincipalType": keep, "AccessRow.Capability": keep, "AccessRow.Route": keep, "AccessRow.Via": inContext, "AccessRow.Scope": (*Redactor).accessScope,
	"AccessRow.Note": (*Redactor).remark, "AccessRow.Close": (*Redactor).command, "AccessRow.Dataset": keep, "AccessRow.Key": inContext,
}

// appliesTo is for ["*"] and "From: x".
func appliesTo(r *Redactor, v string) string {
	if v == "*" {
		return v
	}
	return r.condition(v)
}

// row gives a row type's copy with pseudonyms. It fails on a field that the table does not
// have: nothing passes because nobody thought of it.
func (r *Redactor) row(row any) (any, error) {
	in := reflect.Indirect(reflect.ValueOf(row))
	out := reflect.New(in.Type()).Elem()
	out.Set(in)
	if a, ok := row.(snapshot.AccessRow); ok {
		return r.access(a, out)
	}
	if err := r.walk(out); err != nil {
		return nil, err
	}
	return out.Interface(), nil
}

// walk replaces the texts of a struct that may be changed, but shares nothing with the row
// that it was copied from.
func (r *Redactor) walk(v reflect.Value) error {
	t := v.Type()
	for i := range t.NumField() {
		f, field := t.Field(i), v.Field(i)
		if f.Anonymous {
			if err := r.walk(field); err != nil {
				return err
			}
			continue
		}
		name := t.Name() + "." + f.Name
		switch {
		case f.Type.Kind() == reflect.String:
			rule, ok := fields[name]
			if !ok {
				return noRule(name)
			}
			field.SetString(rule(r, field.String()))
		case f.Type == reflect.TypeFor[*string]():
			rule, ok := fields[name]
			if !ok {
				return noRule(name)
			}
			if !field.IsNil() {
				s := rule(r, field.Elem().String())
				field.Set(reflect.ValueOf(&s))
			}
		case f.Type == reflect.TypeFor[[]string]():
			rule, ok := fields[name]
			if !ok {
				return noRule(name)
			}
			if !field.IsNil() {
				list := make([]string, field.Len())
				for j := range list {
					list[j] = rule(r, field.Index(j).String())
				}
				field.Set(reflect.ValueOf(list))
			}
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			if field.IsNil() {
				continue
			}
			list := reflect.MakeSlice(f.Type, field.Len(), field.Len())
			reflect.Copy(list, field)
			for j := range list.Len() {
				if err := r.walk(list.Index(j)); err != nil {
					return err
				}
			}
			field.Set(list)
		case plain(f.Type):
		default:
			return noRule(name)
		}
	}
	return nil
}

func noRule(field string) error {
	return fmt.Errorf("redact: nothing says what is to happen to %s", field)
}

// plain are types that hold no text: numbers, switches, times.
func plain(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return true
	}
	return t.PkgPath() == "time" && t.Name() == "Time"
}

// access does a row of the computed access, in which the route says what Via is, and the
// dataset of the evidence what its key is.
func (r *Redactor) access(a snapshot.AccessRow, out reflect.Value) (any, error) {
	via, key := a.Via, a.Key
	out.FieldByName("Via").SetString("")
	out.FieldByName("Key").SetString("")
	t := out.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() != reflect.String || f.Name == "Via" || f.Name == "Key" {
			if f.Type.Kind() != reflect.String && !plain(f.Type) {
				return nil, noRule("AccessRow." + f.Name)
			}
			continue
		}
		rule, ok := fields["AccessRow."+f.Name]
		if !ok {
			return nil, noRule("AccessRow." + f.Name)
		}
		out.Field(i).SetString(rule(r, out.Field(i).String()))
	}
	if a.Route == "inboxRule" || a.Route == "transportRule" {
		via = r.text(via)
	} else {
		via = r.joined(" > ", r.value)(via)
	}
	key, err := r.Key(snapshot.Dataset(a.Dataset), key)
	if err != nil {
		return nil, err
	}
	out.FieldByName("Via").SetString(via)
	out.FieldByName("Key").SetString(key)
	return out.Interface(), nil
}

var unescape = strings.NewReplacer("%7C", "|", "%25", "%")

// Key gives the key that a row of a dataset has in the copy, from its key in the original.
func (r *Redactor) Key(set snapshot.Dataset, key string) (string, error) {
	if set == snapshot.EffectiveAccess {
		if out := r.named[key]; out != "" {
			return out, nil
		}
		return "", fmt.Errorf("redact: no access row %q", key)
	}
	row, ok := snapshot.NewRow(set)
	if !ok {
		return "", fmt.Errorf("redact: no dataset %q", set)
	}
	v := reflect.New(reflect.TypeOf(row)).Elem()
	parts := strings.Split(key, "|")
	n := 0
	if err := setKeys(v, &parts, &n); err != nil || len(parts) != 0 {
		return "", fmt.Errorf("redact: %q is no key of %s", key, set)
	}
	out, err := r.row(v.Interface())
	if err != nil {
		return "", err
	}
	return snapshot.Key(out), nil
}

// setKeys fills the key fields of a struct from parts, in the order of the type.
func setKeys(v reflect.Value, parts *[]string, n *int) error {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if err := setKeys(v.Field(i), parts, n); err != nil {
				return err
			}
			continue
		}
		if f.Tag.Get("key") == "" {
			continue
		}
		if len(*parts) == 0 {
			return fmt.Errorf("too short")
		}
		s := unescape.Replace((*parts)[0])
		*parts = (*parts)[1:]
		if f.Type.Kind() == reflect.Bool {
			b, err := strconv.ParseBool(s)
			if err != nil {
				return err
			}
			v.Field(i).SetBool(b)
			continue
		}
		v.Field(i).SetString(s)
	}
	return nil
}
