package faketenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// row finds the rows of a dataset for which every given column has the given value.
func (k *AnswerKey) rows(dataset string, columns map[string]any) []map[string]any {
	var out []map[string]any
next:
	for _, r := range k.Datasets[dataset] {
		for c, v := range columns {
			if fmt.Sprint(r[c]) != fmt.Sprint(v) {
				continue next
			}
		}
		out = append(out, r)
	}
	return out
}

// TestEverySituationIsPresent names each situation with what a review has to say of it.
func TestEverySituationIsPresent(t *testing.T) {
	for _, n := range []int{60, 250, 5000} {
		tenant, err := New(Options{Mailboxes: n})
		if err != nil {
			t.Fatal(err)
		}
		k := tenant.AnswerKey()
		for _, s := range []struct {
			name, dataset string
			columns       map[string]any
			least         int
		}{
			{"default audit set", "mailboxes", map[string]any{"defaultAuditSet": []string{"Admin", "Delegate", "Owner"}}, n - 6},
			{"customised audit set", "mailboxes", map[string]any{"defaultAuditSet": []string{"Delegate", "Owner"}}, 1},
			{"room without auditing", "mailboxes", map[string]any{"recipientTypeDetails": "RoomMailbox", "auditEnabled": false}, 1},
			{"user without auditing of its own", "mailboxes", map[string]any{"recipientTypeDetails": "UserMailbox", "auditEnabled": false}, 1},
			{"bypass", "auditBypass", map[string]any{"auditBypassEnabled": true}, 2},
			{"ingestion off", "unifiedAudit", map[string]any{"unifiedAuditLogIngestionEnabled": false}, 1},
			{"forward outside, no copy", "mailboxes", map[string]any{"forwardingTargetType": "external", "deliverToMailboxAndForward": false}, 1},
			{"forward inside", "mailboxes", map[string]any{"forwardingTargetType": "internal"}, 4},
			{"forward to nobody", "mailboxes", map[string]any{"forwardingTargetType": "unresolved", "forwardingTarget": ""}, 1},
			{"forward to a similar domain", "mailboxes", map[string]any{"forwardingTarget": "kim@notcontoso.example", "forwardingTargetType": "external"}, 1},
			{"forward to a longer domain", "mailboxes", map[string]any{"forwardingTarget": "kim@contoso.example.evil.example", "forwardingTargetType": "external"}, 1},
			{"forward to a subdomain that is not ours", "mailboxes", map[string]any{"forwardingTarget": "desk@sub.contoso.example", "forwardingTargetType": "external"}, 1},
			{"forward to a subdomain that is", "mailboxes", map[string]any{"forwardingTarget": "ops@chamber.contoso-labs.example", "forwardingTargetType": "internal"}, 1},
			{"forward to a look-alike", "mailboxes", map[string]any{"forwardingTarget": "accounts@xn--cntoso-wqf.example", "forwardingTargetType": "external"}, 1},
			{"forward to a contact", "mailboxes", map[string]any{"forwardingAddress": "buyer_fabrikam.example", "forwardingTarget": "buyer@fabrikam.example", "forwardingTargetType": "external"}, 1},
			{"forward to a guest", "mailboxes", map[string]any{"forwardingTarget": "gina@fabrikam.example", "forwardingTargetType": "external"}, 1},
			{"forward to a nested, cyclic group", "mailboxes", map[string]any{"forwardingTarget": "projects.outer@contoso.example", "forwardingExternalRecipients": []string{"outer@fabrikam.example"}}, 1},
			{"forward to a group without outsiders", "mailboxes", map[string]any{"forwardingTarget": "sales@contoso.example", "forwardingTargetType": "internal"}, 1},
			{"hidden mailbox", "mailboxes", map[string]any{"hiddenFromAddressLists": true, "recipientTypeDetails": "SharedMailbox"}, 1},
			{"apostrophe", "mailboxes", map[string]any{"mailboxAddress": "o'brien@contoso.example"}, 1},
			{"formula as a name", "mailboxes", map[string]any{"displayName": "=cmd|'/C calc'!A0"}, 1},
			{"300 signs", "mailboxes", map[string]any{"displayName": longName}, 1},
			{"rule to a contact", "inboxRules", map[string]any{"externalRecipients": []string{"buyer@fabrikam.example"}}, 1},
			{"rule to a contact that only a lookup resolves", "inboxRules", map[string]any{"externalRecipients": []string{"accounts@northwind.example"}}, 1},
			{"rule to a colleague", "inboxRules", map[string]any{"name": "to a colleague", "externalRecipients": []string{}}, 1},
			{"rule to a former address of a colleague", "inboxRules", map[string]any{"name": "to the moved mailbox", "externalRecipients": []string{}}, 1},
			{"disabled rule", "inboxRules", map[string]any{"enabled": false, "externalRecipients": []string{"holiday@fabrikam.example"}}, 1},
			{"hidden rule", "inboxRules", map[string]any{"hidden": true, "system": false}, 1},
			{"newsletter rule", "inboxRules", map[string]any{"name": "Newsletters", "externalRecipients": []string{}}, 5},
			{"hiding rule", "inboxRules", map[string]any{"name": ".", "moveToFolder": "RSS Feeds", "markAsRead": true}, 1},
			{"unreadable rule", "inboxRules", map[string]any{"supportedByTask": false, "system": false}, 1},
			{"rule to a group as attachment", "inboxRules", map[string]any{"externalRecipients": []string{"paul@northwind.example"}}, 1},
			{"blind copy outside", "transportRules", map[string]any{"state": "Enabled", "externalRecipients": []string{"archive@fabrikam.example"}}, 1},
			{"redirect inside", "transportRules", map[string]any{"name": "Redirect the old desk", "externalRecipients": []string{}}, 1},
			{"test mode", "transportRules", map[string]any{"mode": "Audit"}, 1},
			{"remote domain other than Default", "remoteDomains", map[string]any{"name": "Fabrikam", "autoForwardEnabled": true}, 1},
			{"custom outbound policy", "outboundSpamPolicies", map[string]any{"autoForwardingMode": "On", "ruleState": "Enabled"}, 1},
			{"Full Access of an unresolved SID", "mailboxPermissions", map[string]any{"trusteeType": "orphaned", "rights": []string{"FullAccess"}}, 1},
			{"deny", "mailboxPermissions", map[string]any{"deny": true, "inherited": false}, 1},
			{"doubled rows", "mailboxPermissions", map[string]any{"trustee": "Finance Team", "rights": []string{"DeleteItem", "FullAccess", "ReadPermission"}}, 1},
			{"group without mail", "mailboxPermissions", map[string]any{"trustee": "Helpdesk Operators", "trusteeType": "group", "trusteeAddress": ""}, 1},
			{"application", "mailboxPermissions", map[string]any{"trusteeType": "application"}, 1},
			{"guest", "mailboxPermissions", map[string]any{"trusteeType": "guest"}, 1},
			{"the service's own", "mailboxPermissions", map[string]any{"trustee": `EURPR08A012\Administrator`, "trusteeType": "well-known"}, n},
			{"two people of one name", "mailboxPermissions", map[string]any{"trustee": "Alex Morgan", "trusteeType": "unresolved"}, 1},
			{"SendAs on a distribution group", "sendAs", map[string]any{"recipientType": "MailUniversalDistributionGroup", "mailbox": nil}, 1},
			{"SendAs denied", "sendAs", map[string]any{"accessControlType": "Deny"}, 1},
			{"delegate that is gone", "sendOnBehalf", map[string]any{"trustee": "Former Assistant", "trusteeType": "unresolved"}, 1},
			{"delegate by an old name", "sendOnBehalf", map[string]any{"trustee": "svc-archive", "trusteeType": "user"}, 1},
			{"Kalender", "folderPermissions", map[string]any{"folderPath": "/Kalender", "trusteeType": "default", "roles": []string{"Editor"}}, 1},
			{"Calendrier", "folderPermissions", map[string]any{"folderPath": "/Calendrier", "trusteeType": "default", "roles": []string{"Editor"}}, 1},
			{"予定表", "folderPermissions", map[string]any{"folderPath": "/予定表", "trusteeType": "default", "roles": []string{"Editor"}}, 1},
			{"published folder", "folderPermissions", map[string]any{"trusteeType": "external", "trusteeAddress": "shared.outside@fabrikam.example"}, 1},
			{"orphan on a folder", "folderPermissions", map[string]any{"trusteeType": "orphaned"}, 1},
			{"delegate flags", "folderPermissions", map[string]any{"sharingFlags": []string{"CanViewPrivateItems", "Delegate"}}, 1},
			{"single rights", "folderPermissions", map[string]any{"roles": []string{"CreateItems", "FolderVisible", "ReadItems"}}, 1},
			{"free/busy only", "folderPermissions", map[string]any{"trusteeType": "user", "roles": []string{"AvailabilityOnly"}, "rights": []string{}}, 1},
			{"slash in a folder's name", "folderPermissions", map[string]any{"folderPath": "/Kunden\uf8ffLieferanten"}, 2},
			{"ENTERPRISEPREMIUM", "userLicences", map[string]any{"skuPartNumber": "ENTERPRISEPREMIUM", "advancedAudit": true}, 3},
			{"unknown SKU", "userLicences", map[string]any{"name": "CONTOSO_SECURITY_PILOT", "advancedAudit": true}, 2},
			{"plan switched off", "userLicences", map[string]any{"skuPartNumber": "SPE_E5", "advancedAudit": false}, 1},
			{"managed identity", "servicePrincipals", map[string]any{"servicePrincipalType": "ManagedIdentity", "appOwnerOrganizationId": ""}, 1},
			{"known bad", "servicePrincipals", map[string]any{"knownBad": "abused-tool"}, 1},
			{"Microsoft's own", "servicePrincipals", map[string]any{"firstParty": true}, 4},
			{"unknown role", "appRoleAssignments", map[string]any{"principalName": "ERP legacy", "createdDateTime": nil}, 1},
			{"role held by a group", "appRoleAssignments", map[string]any{"principalType": "Group", "appRole": "Application.ReadWrite.All", "tier": "critical"}, 1},
			{"default role", "appRoleAssignments", map[string]any{"principalType": "User", "appRole": ""}, 1},
			{"the twenty-fifth assignment", "appRoleAssignments", map[string]any{"principalName": "Contoso Integration Hub", "tier": "critical"}, 1},
			{"grant without scope", "oauth2PermissionGrants", map[string]any{"scope": "", "clientName": "Litware Forms"}, 1},
			{"client that is gone", "oauth2PermissionGrants", map[string]any{"clientName": "", "scope": "Mail.Read"}, 1},
			{"role over a unit", "directoryRoleAssignments", map[string]any{"role": "Helpdesk Administrator", "assignment": "active"}, 1},
			{"role of a group", "directoryRoleAssignments", map[string]any{"memberType": "group", "assignment": "eligible"}, 1},
			{"role of nobody", "directoryRoleAssignments", map[string]any{"memberType": "unresolved", "memberName": ""}, 1},
			{"all-staff limit", "applicationAccessPolicies", map[string]any{"kind": "applicationAccessPolicy", "scope": "All Staff"}, 1},
			{"scoped role", "applicationAccessPolicies", map[string]any{"kind": "roleAssignment", "scope": "Finance mailboxes", "scopeId": ""}, 1},
			{"members of the all-staff group", "groupMembers", map[string]any{"groupName": "All Staff"}, n * 7 / 10},
			{"contact in a nested group", "groupMembers", map[string]any{"groupName": "Projects Outer", "memberType": "contact"}, 1},
		} {
			if got := len(k.rows(s.dataset, s.columns)); got < s.least {
				t.Errorf("%d mailboxes: %s: %d rows of %s with %v, want at least %d", n, s.name, got, s.dataset, s.columns, s.least)
			}
		}
	}
}

// TestChecksOfTheDefaultProfile states the number of findings by severity.
func TestChecksOfTheDefaultProfile(t *testing.T) {
	tenant, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"audit.ual_ingestion_enabled":           "fail critical=1",
		"audit.org_mailbox_audit_on":            "pass",
		"audit.mailbox_audited":                 "fail high=2",
		"audit.mailbox_actions_complete":        "fail high=2",
		"audit.mailbox_bypass_absent":           "fail high=2",
		"mail.mailbox_forwarding":               "fail critical=1 high=9 medium=1",
		"mail.inbox_rule_forwarding":            "fail critical=2 high=6 low=1 medium=1",
		"mail.transport_rule_redirects":         "fail critical=2 low=2",
		"oauth.delegated_grants_all_principals": "fail high=2 info=1 low=2 medium=1",
		"oauth.tier0_application_permissions":   "fail critical=7",
		"licence.inventory":                     "info info=7",
	} {
		a, ok := tenant.AnswerKey().Check(id)
		counts := map[string]int{}
		for _, f := range a.Findings {
			counts[f.Severity]++
		}
		got := []string{a.Status}
		for _, s := range []string{"critical", "high", "info", "low", "medium"} {
			if counts[s] > 0 {
				got = append(got, fmt.Sprintf("%s=%d", s, counts[s]))
			}
		}
		if !ok || strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", id, strings.Join(got, " "), want)
		}
	}
}

func TestFindingsAreUnique(t *testing.T) {
	for _, o := range []Options{{Mailboxes: 5}, {Mailboxes: 12}, {}, {Mailboxes: 60, Profile: "clean"}} {
		tenant, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range tenant.AnswerKey().Checks {
			seen := map[string]bool{}
			for _, f := range c.Findings {
				k := f.SubjectType + "\x00" + f.SubjectID
				if seen[k] {
					t.Errorf("%d mailboxes: %s names %q twice", o.Mailboxes, c.ID, f.SubjectID)
				}
				seen[k] = true
			}
		}
	}
}

// TestKeysAreUnique holds rows to the natural keys of the output contract.
func TestKeysAreUnique(t *testing.T) {
	keys := map[string]string{
		"skus": "skuId", "userLicences": "user skuId", "mailboxes": "mailbox", "auditBypass": "identity principalId", "inboxRules": "mailbox ruleIdentity",
		"transportRules": "ruleId", "remoteDomains": "name domainName", "outboundSpamPolicies": "name", "connectors": "direction name", "acceptedDomains": "domainName",
		"effectiveAccess":    "mailbox principal capability route via scope evidenceKey",
		"mailboxPermissions": "mailbox trustee trusteeSid deny inherited", "sendAs": "recipient trustee trusteeSid accessControlType", "sendOnBehalf": "mailbox trustee",
		"folderPermissions": "mailbox folderId trustee", "servicePrincipals": "id", "oauth2PermissionGrants": "id scope", "appRoleAssignments": "id",
		"directoryRoleAssignments": "roleTemplateId member assignment scope", "exchangeRoleAssignments": "roleGroup member",
		"applicationAccessPolicies": "id kind", "groupMembers": "group member", "organizationConfig": "name", "unifiedAudit": "name",
		"users": "user", "transportConfig": "name", "casMailboxes": "mailbox", "sharingPolicies": "name", "authorizationPolicy": "id",
		"adminConsentPolicy": "id", "roleAssignmentSchedules": "id", "managementRoleAssignments": "id",
	}
	for _, n := range []int{5, 8, 12, 33, 60, 250, 1200} {
		tenant, err := New(Options{Mailboxes: n})
		if err != nil {
			t.Fatal(err)
		}
		k := tenant.AnswerKey()
		if len(k.Datasets) != len(keys) {
			t.Errorf("%d datasets, want %d", len(k.Datasets), len(keys))
		}
		for dataset, columns := range keys {
			seen := map[string]bool{}
			for _, r := range k.Datasets[dataset] {
				var parts []string
				for _, c := range strings.Fields(columns) {
					v, ok := r[c]
					if !ok {
						t.Fatalf("%s: no column %s", dataset, c)
					}
					parts = append(parts, fmt.Sprint(v))
				}
				key := strings.Join(parts, "|")
				if seen[key] {
					t.Errorf("%d mailboxes: %s: two rows of key %q", n, dataset, key)
				}
				seen[key] = true
			}
		}
	}
}

func TestCleanProfileHasNothingToFind(t *testing.T) {
	for _, o := range []Options{{Mailboxes: 5}, {Mailboxes: 60}, {Mailboxes: 60, Delegated: true}, {Mailboxes: 250}, {Mailboxes: 5000, Seed: 2}} {
		n := o.Mailboxes
		o.Profile = profileClean
		tenant, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		k := tenant.AnswerKey()
		for _, c := range k.Checks {
			if c.Status != "info" && (c.Status != "pass" || len(c.Findings) > 0) || c.Evaluated != c.Expected {
				t.Errorf("%d mailboxes: %s: %s with %d findings", n, c.ID, c.Status, len(c.Findings))
			}
			for _, f := range c.Findings {
				if f.Severity != "info" {
					t.Errorf("%d mailboxes: %s: %v", n, c.ID, f)
				}
			}
		}
		if len(k.Datasets["mailboxPermissions"]) == 0 || len(k.Datasets["folderPermissions"]) == 0 || len(k.Datasets["oauth2PermissionGrants"]) == 0 {
			t.Errorf("%d mailboxes: the inventories of a clean tenant are empty", n)
		}
	}
}

func TestSameOptionsSameBytes(t *testing.T) {
	for _, o := range []Options{{Mailboxes: 60}, {Mailboxes: 60, Seed: 3, Profile: "clean"}} {
		a, b := start(t, o), start(t, o)
		ka, err := json.Marshal(a.tenant.AnswerKey())
		if err != nil {
			t.Fatal(err)
		}
		kb, err := json.Marshal(b.tenant.AnswerKey())
		if err != nil || !bytes.Equal(ka, kb) {
			t.Errorf("%+v: the answer keys differ", o)
		}
		body := command("Get-Mailbox", nil)
		header := map[string]string{"Prefer": "odata.maxpagesize=20"}
		wa, wb := a.do("POST", a.beta("InvokeCommand"), header, body).body, b.do("POST", b.beta("InvokeCommand"), header, body).body
		if !bytes.Equal(bytes.ReplaceAll(wa, []byte(a.srv.URL), nil), bytes.ReplaceAll(wb, []byte(b.srv.URL), nil)) {
			t.Errorf("%+v: the first pages differ", o)
		}
		ga, gb := a.graph("servicePrincipals?$top=50", nil).body, b.graph("servicePrincipals?$top=50", nil).body
		if !bytes.Equal(bytes.ReplaceAll(ga, []byte(a.srv.URL), nil), bytes.ReplaceAll(gb, []byte(b.srv.URL), nil)) {
			t.Errorf("%+v: the service principals differ", o)
		}
	}
	one, err := New(Options{Mailboxes: 60, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	two, err := New(Options{Mailboxes: 60, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if one.ID() == two.ID() {
		t.Error("another seed gives the same tenant")
	}
}

func TestWriteStoresTheKey(t *testing.T) {
	tenant, err := New(Options{Mailboxes: 5})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := tenant.AnswerKey().Write(file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back AnswerKey
	if err := json.Unmarshal(b, &back); err != nil || back.Tenant.ID != tenant.ID() || len(back.Datasets["mailboxes"]) != 12 {
		t.Errorf("read back: %v, tenant %s, %d mailboxes", err, back.Tenant.ID, len(back.Datasets["mailboxes"]))
	}
	if err := tenant.AnswerKey().Write(filepath.Join(file, "below a file")); err == nil {
		t.Error("writing below a file succeeded")
	}
}

// TestKeyAgreesWithTheWire compares the two renderings where a column is the value of the
// wire itself. What a value resolves to is the plan's business and not compared.
func TestKeyAgreesWithTheWire(t *testing.T) {
	c := start(t, Options{})
	k := c.tenant.AnswerKey()
	byID := map[string]map[string]any{}
	for _, r := range k.Datasets["mailboxes"] {
		byID[r["mailbox"].(string)] = r
	}
	shown := c.all("Get-Mailbox", map[string]any{"IncludeInactiveMailbox": true})
	shown = append(shown, c.all("Get-Mailbox", map[string]any{"GroupMailbox": true})...)
	shown = append(shown, c.all("Get-Mailbox", map[string]any{"PublicFolder": true})...)
	if len(shown) != len(byID) {
		t.Errorf("%d mailboxes on the wire, %d in the key", len(shown), len(byID))
	}
	for _, w := range shown {
		id := w["ExternalDirectoryObjectId"]
		if id == "" {
			id = w["Guid"]
		}
		row := byID[id.(string)]
		if row == nil {
			t.Errorf("mailbox %v is not in the key", id)
			continue
		}
		for wire, column := range map[string]string{
			"PrimarySmtpAddress": "mailboxAddress", "UserPrincipalName": "userPrincipalName", "DisplayName": "displayName", "RecipientTypeDetails": "recipientTypeDetails",
			"AuditEnabled": "auditEnabled", "AuditAdmin": "auditAdmin", "AuditOwner": "auditOwner", "AuditDelegate": "auditDelegate", "DefaultAuditSet": "defaultAuditSet",
			"ForwardingAddress": "forwardingAddress", "DeliverToMailboxAndForward": "deliverToMailboxAndForward", "AccountDisabled": "accountDisabled",
			"HiddenFromAddressListsEnabled": "hiddenFromAddressLists", "LitigationHoldEnabled": "litigationHold", "IsInactiveMailbox": "inactive",
		} {
			if fmt.Sprint(w[wire]) != fmt.Sprint(row[column]) {
				t.Errorf("mailbox %v: %s %v on the wire, %v in the key", id, wire, w[wire], row[column])
			}
		}
	}
	rules := 0
	for _, m := range c.tenant.plan.mailboxes {
		if m.covered() {
			rules += len(c.all("Get-InboxRule", map[string]any{"Mailbox": m.owner.upn, "IncludeHidden": true}))
		}
	}
	if got := len(k.Datasets["inboxRules"]); got != rules {
		t.Errorf("%d inbox rules on the wire, %d in the key", rules, got)
	}
	sends := 0
	for _, w := range c.all("Get-RecipientPermission", nil) {
		if w["TrusteeSidString"] != selfSID {
			sends++
		}
	}
	if got := len(k.Datasets["sendAs"]); got != sends {
		t.Errorf("%d SendAs rows on the wire, %d in the key", sends, got)
	}
	ids := map[string]bool{}
	for _, g := range c.graphAll("oauth2PermissionGrants?$count=true&$top=999") {
		ids[g["id"].(string)] = true
		var want []string
		for _, r := range k.rows("oauth2PermissionGrants", map[string]any{"id": g["id"]}) {
			want = append(want, r["scope"].(string))
		}
		got := sortedUnique(strings.Fields(g["scope"].(string)))
		if len(got) == 0 {
			got = []string{""}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("grant %v: scopes %v on the wire, %v in the key", g["id"], got, want)
		}
	}
}
