package faketenant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// compared holds the rows of a dataset against rows of the wire, column by column.
func compared(t *testing.T, k *AnswerKey, dataset, column string, shown []map[string]any, id func(w map[string]any) string, columns map[string]string) {
	t.Helper()
	byID := map[string]map[string]any{}
	for _, r := range k.Datasets[dataset] {
		byID[fmt.Sprint(r[column])] = r
	}
	if len(shown) != len(byID) || len(shown) == 0 {
		t.Errorf("%s: %d rows on the wire, %d in the key", dataset, len(shown), len(byID))
	}
	for _, w := range shown {
		r := byID[id(w)]
		if r == nil {
			t.Errorf("%s: %v is not in the key", dataset, id(w))
			continue
		}
		for wire, column := range columns {
			if value, sent := w[wire]; !sent || fmt.Sprint(value) != fmt.Sprint(r[column]) {
				t.Errorf("%s %v: %s %v (sent %t) on the wire, %v in the key", dataset, id(w), wire, value, sent, r[column])
			}
		}
	}
}

// valueOf reads a member as text.
func valueOf(name string) func(map[string]any) string {
	return func(w map[string]any) string { return fmt.Sprint(w[name]) }
}

func TestMailFlowOfTheKeyAgreesWithTheWire(t *testing.T) {
	for _, profile := range []string{"default", "clean"} {
		c := start(t, Options{Mailboxes: 60, Profile: profile})
		k := c.tenant.AnswerKey()
		compared(t, k, "remoteDomains", "name", c.all("Get-RemoteDomain", nil), valueOf("Name"),
			map[string]string{"DomainName": "domainName", "AutoForwardEnabled": "autoForwardEnabled", "AutoReplyEnabled": "autoReplyEnabled"})
		compared(t, k, "outboundSpamPolicies", "name", c.all("Get-HostedOutboundSpamFilterPolicy", nil), valueOf("Name"),
			map[string]string{"IsDefault": "isDefault", "AutoForwardingMode": "autoForwardingMode"})
		for _, r := range c.all("Get-HostedOutboundSpamFilterRule", nil) {
			rows := k.rows("outboundSpamPolicies", map[string]any{"name": r["HostedOutboundSpamFilterPolicy"], "ruleState": r["State"]})
			if len(rows) != 1 || len(rows[0]["appliesTo"].([]string)) == 0 {
				t.Errorf("rule %v: rows %v", r["Name"], rows)
			}
		}
		var connectors []map[string]any
		for _, direction := range []string{"inbound", "outbound"} {
			for _, w := range c.all(map[string]string{"inbound": "Get-InboundConnector", "outbound": "Get-OutboundConnector"}[direction], nil) {
				w["key"] = direction + " " + w["Name"].(string)
				connectors = append(connectors, w)
			}
		}
		for _, r := range k.Datasets["connectors"] {
			r["key"] = fmt.Sprint(r["direction"], " ", r["name"])
		}
		compared(t, k, "connectors", "key", connectors, valueOf("key"), map[string]string{"Enabled": "enabled", "ConnectorType": "type", "CloudServicesMailEnabled": "cloudServicesMailEnabled"})
		for _, w := range connectors {
			columns := map[string]string{"SenderIPAddresses": "senderIPAddresses", "SenderDomains": "senderDomains", "RestrictDomainsToCertificate": "restrictDomainsToCertificate",
				"RestrictDomainsToIPAddresses": "restrictDomainsToIPAddresses", "TlsSenderCertificateName": "tlsSenderCertificateName", "TreatMessagesAsInternal": "treatMessagesAsInternal"}
			if strings.HasPrefix(w["key"].(string), "outbound") {
				columns = map[string]string{"SmartHosts": "smartHosts", "RecipientDomains": "recipientDomains", "UseMXRecord": "useMXRecord",
					"IsTransportRuleScoped": "isTransportRuleScoped", "RouteAllMessagesViaOnPremises": "routeAllMessagesViaOnPremises"}
			}
			for wire, column := range columns {
				r := k.rows("connectors", map[string]any{"key": w["key"]})[0]
				if fmt.Sprint(w[wire]) != fmt.Sprint(r[column]) {
					t.Errorf("%v: %s %v on the wire, %v in the key", w["key"], wire, w[wire], r[column])
				}
			}
		}
		compared(t, k, "organizationConfig", "name", c.all("Get-OrganizationConfig", nil), valueOf("Name"),
			map[string]string{"OAuth2ClientProfileEnabled": "oAuth2ClientProfileEnabled", "RejectDirectSend": "rejectDirectSend", "AuditDisabled": "auditDisabled"})
		compared(t, k, "transportConfig", "name", c.all("Get-TransportConfig", nil), valueOf("Name"),
			map[string]string{"SmtpClientAuthenticationDisabled": "smtpClientAuthenticationDisabled"})
	}
}

func TestCASMailboxesOfTheKeyAgreeWithTheWire(t *testing.T) {
	c := start(t, Options{})
	shown := c.all("Get-CASMailbox", map[string]any{"ResultSize": "Unlimited"})
	words := map[string]int{}
	for _, w := range shown {
		w["id"] = w["ExternalDirectoryObjectId"]
		if w["id"] == "" {
			w["id"] = w["Guid"]
		}
		w["word"] = map[string]string{"<nil>": "inherits", "true": "disabled", "false": "enabled"}[fmt.Sprint(w["SmtpClientAuthenticationDisabled"])]
		words[w["word"].(string)]++
	}
	compared(t, c.tenant.AnswerKey(), "casMailboxes", "mailbox", shown, valueOf("id"),
		map[string]string{"PrimarySmtpAddress": "mailboxAddress", "word": "smtpAuth", "ImapEnabled": "imapEnabled", "PopEnabled": "popEnabled"})
	if words["inherits"] == 0 || words["enabled"] == 0 || words["disabled"] == 0 {
		t.Errorf("overrides %v: want all three", words)
	}
}

// splitShare takes an entry of a sharing policy apart, whatever its blanks.
func splitShare(s string) string {
	domain, actions, _ := strings.Cut(s, ":")
	var out []string
	for _, a := range strings.Split(actions, ",") {
		out = append(out, strings.TrimSpace(a))
	}
	return domain + ": " + strings.Join(out, ", ")
}

func TestPoliciesOfTheKeyAgreeWithTheWire(t *testing.T) {
	for _, profile := range []string{"default", "clean"} {
		c := start(t, Options{Mailboxes: 60, Profile: profile})
		k := c.tenant.AnswerKey()
		shown := c.all("Get-SharingPolicy", nil)
		for _, w := range shown {
			var all []string
			for _, e := range w["Domains"].([]any) {
				all = append(all, splitShare(e.(string)))
			}
			w["Domains"] = all
		}
		compared(t, k, "sharingPolicies", "name", shown, valueOf("Name"), map[string]string{"Domains": "domains", "Enabled": "enabled", "Default": "default"})

		policy := decode[map[string]any](t, c.graph("policies/authorizationPolicy", nil).body)
		for name, v := range policy["defaultUserRolePermissions"].(map[string]any) {
			policy[name] = v
		}
		compared(t, k, "authorizationPolicy", "id", []map[string]any{policy}, valueOf("id"),
			map[string]string{"permissionGrantPoliciesAssigned": "permissionGrantPoliciesAssigned", "allowedToCreateApps": "allowedToCreateApps",
				"allowUserConsentForRiskyApps": "allowUserConsentForRiskyApps", "allowInvitesFrom": "allowInvitesFrom", "guestUserRoleId": "guestUserRoleId"})

		requests := decode[map[string]any](t, c.graph("policies/adminConsentRequestPolicy", nil).body)
		queries := []string{}
		for _, r := range requests["reviewers"].([]any) {
			queries = append(queries, r.(map[string]any)["query"].(string))
		}
		requests["reviewers"], requests["id"] = queries, "adminConsentRequestPolicy"
		compared(t, k, "adminConsentPolicy", "id", []map[string]any{requests}, valueOf("id"),
			map[string]string{"isEnabled": "isEnabled", "notifyReviewers": "notifyReviewers", "reviewers": "reviewers"})
	}
}

func TestUsersOfTheKeyAgreeWithTheWire(t *testing.T) {
	c := start(t, Options{})
	shown := c.graphAll("users?$select=id,userPrincipalName,displayName,mail,userType,accountEnabled,onPremisesSyncEnabled,createdDateTime&$top=999")
	kinds := map[string]int{}
	for _, w := range shown {
		kinds[fmt.Sprint("synced ", w["onPremisesSyncEnabled"])]++
		kinds[fmt.Sprint("type ", w["userType"])]++
		kinds[fmt.Sprint("enabled ", w["accountEnabled"])]++
		for _, name := range []string{"mail", "userType"} {
			if w[name] == nil {
				w[name] = ""
			}
		}
		if s, ok := w["createdDateTime"].(string); ok {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			w["createdDateTime"] = at
		}
	}
	compared(t, c.tenant.AnswerKey(), "users", "user", shown, valueOf("id"), map[string]string{"userPrincipalName": "userPrincipalName", "displayName": "displayName",
		"mail": "mail", "userType": "userType", "accountEnabled": "accountEnabled", "onPremisesSyncEnabled": "onPremisesSyncEnabled", "createdDateTime": "createdDateTime"})
	for _, kind := range []string{"synced true", "synced false", "synced <nil>", "type Guest", "type Member", "type <nil>", "enabled true", "enabled false"} {
		if kinds[kind] == 0 {
			t.Errorf("no account with %s", kind)
		}
	}
}

func TestSchedulesOfTheKeyAgreeWithTheWire(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	shown := c.graphAll("roleManagement/directory/roleAssignmentScheduleInstances?$expand=principal")
	kinds := map[string]int{}
	for _, w := range shown {
		w["inherited"] = w["memberType"] == "Group"
		kinds[fmt.Sprint(w["assignmentType"], " ", w["memberType"], " ends ", w["endDateTime"] != nil)]++
		if s, ok := w["endDateTime"].(string); ok {
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			w["endDateTime"] = at
		}
		if w["principal"] == nil {
			t.Errorf("instance %v has no principal", w["id"])
		}
	}
	compared(t, c.tenant.AnswerKey(), "roleAssignmentSchedules", "id", shown, valueOf("id"), map[string]string{"principalId": "member", "roleDefinitionId": "roleTemplateId",
		"directoryScopeId": "scope", "assignmentType": "assignmentType", "endDateTime": "endDateTime", "inherited": "inherited"})
	for _, kind := range []string{"Assigned Direct ends false", "Assigned Direct ends true", "Activated Direct ends true", "Assigned Group ends false", "Assigned Group ends true"} {
		if kinds[kind] == 0 {
			t.Errorf("no instance %s in %v", kind, kinds)
		}
	}
	// Every role in force of somebody who is still there has its instance.
	have := map[string]bool{}
	for _, w := range shown {
		have[fmt.Sprint(w["principalId"], w["roleDefinitionId"], w["directoryScopeId"])] = true
	}
	for _, w := range c.graphAll("roleManagement/directory/roleAssignments?$expand=principal") {
		if id := fmt.Sprint(w["principalId"], w["roleDefinitionId"], w["directoryScopeId"]); have[id] == (w["principal"] == nil) {
			t.Errorf("assignment %v: instance %t, principal %t", id, have[id], w["principal"] != nil)
		}
	}
	if got := c.graphAll("roleManagement/directory/roleAssignmentScheduleInstances?$filter=assignmentType%20eq%20'Activated'"); len(got) != 2 {
		t.Errorf("%d activated roles, want 2", len(got))
	}
}

func TestSchedulesNeedTheirOwnPermission(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	now := time.Now().Unix()
	for roles, want := range map[string]int{"Directory.Read.All": 403, "RoleAssignmentSchedule.Read.Directory": 200, "RoleManagement.Read.All": 200, "RoleManagement.Read.Directory": 200} {
		token := c.tenant.encode(claims{Audience: graphAudience, Tenant: c.tenant.ID(), Expires: now + 600, Serial: c.tenant.serial.Add(1), Roles: []string{roles}})
		a := c.graph("roleManagement/directory/roleAssignmentScheduleInstances", map[string]string{"Authorization": "Bearer " + token})
		if a.status != want {
			t.Errorf("%s: %d, want %d", roles, a.status, want)
		}
	}
	denied := start(t, Options{Mailboxes: 5, Deny: []string{"roleAssignmentSchedules"}})
	if a := denied.graph("roleManagement/directory/roleAssignmentScheduleInstances", nil); a.status != http.StatusForbidden {
		t.Errorf("denied as a dataset: %d", a.status)
	}
}

func TestDirectRolesOfTheKeyAgreeWithTheWire(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	shown := slices.DeleteFunc(c.all("Get-ManagementRoleAssignment", nil), func(w map[string]any) bool {
		return w["RoleAssigneeType"] == "RoleGroup" || w["RoleAssigneeType"] == "RoleAssignmentPolicy"
	})
	compared(t, c.tenant.AnswerKey(), "managementRoleAssignments", "id", shown, valueOf("Identity"), map[string]string{"Role": "role", "Enabled": "enabled"})
}

// TestRulesOfTheKeyAgreeWithTheWire composes conditions and actions from the wire, by the
// names that the service gives them.
func TestRulesOfTheKeyAgreeWithTheWire(t *testing.T) {
	c := start(t, Options{Mailboxes: 60})
	k := c.tenant.AnswerKey()
	seen := 0
	for _, w := range c.all("Get-TransportRule", nil) {
		r := k.rows("transportRules", map[string]any{"ruleId": w["Guid"]})[0]
		for column, classes := range map[string]any{"conditions": w["Conditions"], "exceptions": w["Exceptions"], "actions": w["Actions"]} {
			want := fmt.Sprint(r[column])
			if got := fmt.Sprint(sortedUnique(clausesOf(w, classes, column == "exceptions"))); got != want {
				t.Errorf("rule %v: %s %s on the wire, %s in the key", w["Name"], column, got, want)
			}
		}
		if fmt.Sprint(w["SetSCL"]) != fmt.Sprint(r["setScl"]) || w["DeleteMessage"] != r["deleteMessage"] || w["State"] != r["state"] || w["Mode"] != r["mode"] {
			t.Errorf("rule %v: SCL %v, delete %v, %v, %v on the wire, %v", w["Name"], w["SetSCL"], w["DeleteMessage"], w["State"], w["Mode"], r)
		}
	}
	for _, m := range c.tenant.plan.mailboxes {
		if !m.covered() {
			continue
		}
		plain := map[string]bool{}
		for _, w := range c.all("Get-InboxRule", map[string]any{"Mailbox": m.owner.xid.String()}) {
			plain[w["RuleIdentity"].(json.Number).String()] = true
		}
		for _, w := range c.all("Get-InboxRule", map[string]any{"Mailbox": m.owner.xid.String(), "IncludeHidden": true}) {
			id := w["RuleIdentity"].(json.Number).String()
			rows := k.rows("inboxRules", map[string]any{"mailbox": m.id(), "ruleIdentity": id})
			if len(rows) != 1 {
				t.Fatalf("rule %v of %s: %d rows", w["Name"], m.owner.smtp, len(rows))
			}
			r := rows[0]
			seen++
			var when []string
			for name := range w {
				if bare := strings.TrimPrefix(name, "ExceptIf"); inboxConditionNames[bare] {
					if s := propertyText(name, w[name]); s != "" {
						when = append(when, s)
					}
				}
			}
			if got, want := fmt.Sprint(sortedUnique(when)), fmt.Sprint(r["conditions"]); got != want {
				t.Errorf("rule %v of %s: conditions %s on the wire, %s in the key", w["Name"], m.owner.smtp, got, want)
			}
			gone := w["DeleteMessage"] == true || w["SoftDeleteMessage"] == true
			if gone != r["deleteMessage"] || w["MarkAsRead"] != r["markAsRead"] || fmt.Sprint(w["MoveToFolder"]) != fmt.Sprint(r["moveToFolder"]) ||
				w["Enabled"] != r["enabled"] || w["SupportedByTask"] != r["supportedByTask"] || plain[id] == r["hidden"].(bool) {
				t.Errorf("rule %v of %s: %v on the wire, %v in the key", w["Name"], m.owner.smtp, w, r)
			}
		}
	}
	if seen != len(k.Datasets["inboxRules"]) {
		t.Errorf("%d inbox rules on the wire, %d in the key", seen, len(k.Datasets["inboxRules"]))
	}
}

// inboxConditionNames are parameters of New-InboxRule that are conditions.
var inboxConditionNames = map[string]bool{
	"BodyContainsWords": true, "FlaggedForAction": true, "From": true, "FromAddressContainsWords": true, "HasAttachment": true, "HeaderContainsWords": true,
	"MessageTypeMatches": true, "MyNameInCcBox": true, "MyNameInToBox": true, "MyNameInToOrCcBox": true, "MyNameNotInToBox": true, "ReceivedAfterDate": true,
	"ReceivedBeforeDate": true, "RecipientAddressContainsWords": true, "SentOnlyToMe": true, "SentTo": true, "SubjectContainsWords": true,
	"SubjectOrBodyContainsWords": true, "WithImportance": true, "WithSensitivity": true,
}

// propertyText is "Name: value, value", or the name of a switch; "" when it is not set.
func propertyText(name string, v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return name
		}
	case string:
		return name + ": " + v
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, fmt.Sprint(e))
		}
		return name + ": " + strings.Join(all, ", ")
	}
	return ""
}

// clausesOf writes classes with the values of the properties whose names begin alike.
func clausesOf(w map[string]any, classes any, exceptions bool) []string {
	list, _ := classes.([]any)
	var out []string
	for _, c := range list {
		name := strings.TrimPrefix(c.(string), ruleTasks)
		name = strings.TrimSuffix(strings.TrimSuffix(name, "Predicate"), "Action")
		if exceptions {
			name = "ExceptIf" + name
		}
		exact, longer := "", []string{}
		for property := range w {
			if strings.EqualFold(property, name) {
				exact = property
			} else if len(property) > len(name) && strings.EqualFold(property[:len(name)], name) && !strings.Contains(property, "@") {
				longer = append(longer, property)
			}
		}
		if exact != "" {
			longer = []string{exact}
		}
		slices.Sort(longer)
		var values []string
		for _, property := range longer {
			if _, text, ok := strings.Cut(propertyText("", w[property]), ": "); ok {
				values = append(values, text)
			}
		}
		if len(values) == 0 {
			out = append(out, name)
			continue
		}
		out = append(out, name+": "+strings.Join(values, ", "))
	}
	return out
}
