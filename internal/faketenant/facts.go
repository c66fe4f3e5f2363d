package faketenant

// Public facts that the plan is built from. Sources: learn.microsoft.com pages
// "Product names and service plan identifiers for licensing", "Microsoft Graph
// permissions reference", "Microsoft Entra built-in roles", "Manage mailbox auditing". The
// tier of a permission is the product's own classification of those permissions.

// Application ids of resources and of the tenants that Microsoft owns.
const (
	graphAppID      = "00000003-0000-0000-c000-000000000000"
	exchangeAppID   = "00000002-0000-0ff1-ce00-000000000000"
	managementAppID = "c5393580-f805-4401-95e8-94b7a6ef2fc2"

	microsoftServices = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
	microsoftCorp     = "72f988bf-86f1-41af-91ab-2d7cd011db47"
)

// plan of a licence.
type servicePlan struct{ id, name, service string }

var (
	planP1       = servicePlan{"41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM", "AADPremiumService"}
	planP2       = servicePlan{"eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM_P2", "AADPremiumService"}
	planMFA      = servicePlan{"8a256a2b-b617-496d-b51b-e76466e88db0", "MFA_PREMIUM", "MultiFactorService"}
	planExoEnt   = servicePlan{"efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE", "exchange"}
	planExoStd   = servicePlan{"9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD", "exchange"}
	planExoFound = servicePlan{"113feb6c-3fe4-4440-bddc-54d774bf0318", "EXCHANGE_S_FOUNDATION", "exchange"}
	planAudit    = servicePlan{"2f442157-a11c-46b9-ae5b-6e39ff4e5849", "M365_ADVANCED_AUDITING", "exchange"}
	planLockbox  = servicePlan{"9f431833-0334-42de-a7dc-70aa40db46db", "LOCKBOX_ENTERPRISE", "exchange"}
	planATP      = servicePlan{"f20fedf3-f3c3-43c3-8267-2bfdd51c0939", "ATP_ENTERPRISE", "exchange"}
	planTI       = servicePlan{"8e0c0a52-6a6c-4d40-8370-dd62790dcd70", "THREAT_INTELLIGENCE", "exchange"}
	planIntune   = servicePlan{"c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A", "SCO"}
	planTeams    = servicePlan{"57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "TeamspaceAPI"}
	planSP       = servicePlan{"5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE", "SharePoint"}
	planFlow     = servicePlan{"50e68c76-46c6-4674-81f9-75456511b170", "FLOW_P2_VIRAL", "ProcessSimple"}
)

// sku is a licence as the tenant holds it.
type sku struct {
	id, part, name     string // name as Microsoft's licensing table has it; the part number when it is not there
	status             string
	plans              []servicePlan
	off                map[string]bool // plans that are not provisioned in the tenant
	enabled, suspended int
	warning, consumed  int
}

// permission is an app role or a delegated scope of a resource.
type permission struct {
	resource, value, kind string // kind: application, delegated
	id, tier, impact      string
}

const (
	application = "application"
	delegated   = "delegated"
)

// permissionTable lists the permissions that the simulated resources offer.
var permissionTable = []permission{
	{graphAppID, "Application.ReadWrite.All", application, "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "critical", "escalation"},
	{graphAppID, "AppRoleAssignment.ReadWrite.All", application, "06b708a9-e830-4db3-a914-8e69da51d44f", "critical", "escalation"},
	{graphAppID, "RoleManagement.ReadWrite.Directory", application, "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "critical", "escalation"},
	{graphAppID, "Directory.ReadWrite.All", application, "19dbc75e-c2e2-444c-a770-ec69d8559fc7", "critical", "escalation"},
	{graphAppID, "Mail.Read", application, "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "critical", "mail"},
	{graphAppID, "Mail.ReadWrite", application, "e2a3a72e-5f79-4c64-b1b1-878b674786c9", "critical", "mail"},
	{graphAppID, "Mail.Send", application, "b633e1c5-b582-4048-a93e-9f11b44c7e96", "critical", "mail"},
	{graphAppID, "Files.Read.All", application, "01d4889c-1287-42c6-ac1f-5d1e02578ef6", "critical", "files"},
	{graphAppID, "AuditLog.Read.All", application, "b0afded3-3588-46d8-8b3d-9842eff778da", "medium", "reconnaissance"},
	{graphAppID, "MailboxItem.ImportExport.All", application, "76577085-e73d-4f1d-b26a-85fb33892327", "critical", "mail"},
	{graphAppID, "Mail.ReadBasic.All", application, "693c5e45-0940-467d-9b8a-1022fb9d42ef", "medium", "mail"},
	{graphAppID, "MailboxSettings.Read", application, "40f97065-369a-49f4-947c-6a255697ae91", "medium", "mail"},
	{graphAppID, "Calendars.Read", application, "798ee544-9d2d-430c-a058-570e29e34338", "medium", "mail"},
	{graphAppID, "Contacts.Read", application, "089fe4d0-434a-44c5-8827-41ba8a0b17f5", "medium", "mail"},
	{graphAppID, "Directory.Read.All", application, "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "medium", "reconnaissance"},
	{graphAppID, "User.Read.All", application, "df021288-bdef-4463-88db-98f22de89214", "medium", "reconnaissance"},
	{graphAppID, "Policy.Read.All", application, "246dd0d5-5bd0-4def-940b-0421030a5b68", "low", "reconnaissance"},
	{graphAppID, "RoleManagement.Read.Directory", application, "483bed4a-2ad3-4361-a73b-c83ccdbdc53c", "low", "reconnaissance"},

	{graphAppID, "RoleManagement.ReadWrite.Directory", delegated, "d01b97e9-cbc0-49fe-810a-750afd5527a3", "critical", "escalation"},
	{graphAppID, "Application.ReadWrite.All", delegated, "bdfbf15f-ee85-4955-8675-146e8e5296b5", "high", "escalation"},
	{graphAppID, "Mail.Read", delegated, "570282fd-fa5c-430d-a7fd-fc8dc98a9dca", "high", "mail"},
	{graphAppID, "Mail.ReadWrite", delegated, "024d486e-b451-40bb-833d-3e66d98c5c73", "high", "mail"},
	{graphAppID, "Mail.Send", delegated, "e383f46e-2787-4529-855e-0e479a3ffac0", "high", "mail"},
	{graphAppID, "Files.Read.All", delegated, "df85f4d6-205c-4ac5-a5ea-6bf408dba283", "high", "files"},
	{graphAppID, "EWS.AccessAsUser.All", delegated, "9769c687-087d-48ac-9cb3-c37dde652038", "high", "mail"},
	{graphAppID, "Mail.Read.Shared", delegated, "7b9103a5-4610-446b-9670-80643382c1fa", "high", "mail"},
	{graphAppID, "EAS.AccessAsUser.All", delegated, "ff91d191-45a0-43fd-b837-bd682c4a0b0f", "high", "mail"},
	{graphAppID, "POP.AccessAsUser.All", delegated, "d7b7f2d9-0f45-4ea1-9d42-e50810c06991", "high", "mail"},
	{graphAppID, "Contacts.ReadWrite", delegated, "d56682ec-c09e-4743-aaf4-1a3aac4caa21", "medium", "mail"},
	{graphAppID, "Contacts.Read", delegated, "ff74d97f-43af-4b68-9f2a-b77ee6968c5d", "medium", "mail"},
	{graphAppID, "Directory.Read.All", delegated, "06da0dbc-49e2-44d2-8312-53f166ab848a", "medium", "reconnaissance"},
	{graphAppID, "User.Read.All", delegated, "a154be20-db9c-4678-8ab7-66f6cc099a59", "medium", "reconnaissance"},
	{graphAppID, "AuditLog.Read.All", delegated, "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20", "low", "reconnaissance"},
	{graphAppID, "Policy.Read.All", delegated, "572fea84-0151-49b2-9301-11cb16974376", "low", "reconnaissance"},
	{graphAppID, "RoleManagement.Read.Directory", delegated, "741c54c3-0c1e-44a1-818b-3f97ab4e8c83", "low", "reconnaissance"},
	{graphAppID, "Calendars.Read", delegated, "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42", "low", "mail"},
	{graphAppID, "User.Read", delegated, "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "low", "none"},
	{graphAppID, "offline_access", delegated, "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "low", "persistence"},
	{graphAppID, "openid", delegated, "37f7f235-527c-4136-accd-4a02d197296e", "low", "none"},
	{graphAppID, "profile", delegated, "14dad69e-099b-42c9-810b-d002981feec1", "low", "none"},
	{graphAppID, "email", delegated, "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", "low", "none"},

	{exchangeAppID, "Exchange.ManageAsApp", application, "dc50a0fb-09a3-484d-be87-e023b12c6440", "critical", "escalation"},
	{exchangeAppID, "full_access_as_app", application, "dc890d15-9560-4a4c-9b7f-a736ec74ec40", "critical", "mail"},
	{exchangeAppID, "Mail.Read", application, "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "critical", "mail"},
	{exchangeAppID, "IMAP.AccessAsApp", application, "5e5addcd-3e8d-4e90-baf5-964efab2b20a", "high", "mail"},
	{exchangeAppID, "POP.AccessAsApp", application, "cb842b43-da6e-4506-86fe-bb12199c656d", "high", "mail"},
	{exchangeAppID, "SMTP.SendAsApp", application, "ce81e10f-fda1-4348-8947-f7fdb6c649ad", "high", "mail"},
	{exchangeAppID, "IMAP.AccessAsUser.All", delegated, "195adc35-e27b-454b-a7ed-1ecdffa1c09f", "high", "mail"},
	{exchangeAppID, "SMTP.Send", delegated, "76faac2a-0f20-42f1-928a-50de5b9dbe52", "high", "mail"},
	{exchangeAppID, "EWS.AccessAsUser.All", delegated, "3b5f3d61-589b-4a3c-a359-5dd4b5ee5bd5", "high", "mail"},
	{exchangeAppID, "Exchange.Manage", delegated, "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c", "high", "escalation"},

	{managementAppID, "ActivityFeed.Read", application, "594c1fb6-4f81-4475-ae41-0c394909246c", "medium", "reconnaissance"},
}

// findPermission returns the permission of a resource by name and kind; ok is false when
// it is not classified.
func findPermission(resourceAppID, value, kind string) (permission, bool) {
	for _, p := range permissionTable {
		if p.resource == resourceAppID && p.value == value && p.kind == kind {
			return p, true
		}
	}
	return permission{}, false
}

// directoryRole is a role definition.
type directoryRole struct {
	id, name   string
	privileged *bool // nil: custom
	custom     bool
}

var (
	yes, no = true, false

	roleGlobalAdmin   = &directoryRole{id: "62e90394-69f5-4237-9190-012177145e10", name: "Global Administrator", privileged: &yes}
	roleGlobalReader  = &directoryRole{id: "f2ef992c-3afb-46b9-b7cf-a126ee74c451", name: "Global Reader", privileged: &yes}
	roleExchangeAdmin = &directoryRole{id: "29232cdf-9323-42fd-ade2-1d097af3e4de", name: "Exchange Administrator", privileged: &no}
	roleUserAdmin     = &directoryRole{id: "fe930be7-5e62-47db-91af-98c3a49a38b1", name: "User Administrator", privileged: &yes}
	roleHelpdesk      = &directoryRole{id: "729827e3-9c14-49f7-bb1b-9608f156bbb8", name: "Helpdesk Administrator", privileged: &yes}
	roleSecReader     = &directoryRole{id: "5d6b6bb7-de71-4623-b4af-96380a352509", name: "Security Reader", privileged: &yes}
	roleSecAdmin      = &directoryRole{id: "194ae4cb-b126-40b2-bd5b-6091b380977d", name: "Security Administrator", privileged: &yes}
	roleReports       = &directoryRole{id: "4a5d8f65-41da-4de4-8968-e035b65339cf", name: "Reports Reader", privileged: &no}
	roleMsgCenter     = &directoryRole{id: "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", name: "Message Center Reader", privileged: &no}
	roleReaders       = &directoryRole{id: "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", name: "Directory Readers", privileged: &no}
	rolePrivAdmin     = &directoryRole{id: "e8611ab8-c189-46e8-94e1-60213ab1f814", name: "Privileged Role Administrator", privileged: &yes}
	roleAppAdmin      = &directoryRole{id: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", name: "Application Administrator", privileged: &yes}

	builtInRoles = []*directoryRole{roleGlobalAdmin, roleGlobalReader, roleExchangeAdmin, roleUserAdmin, roleHelpdesk, roleSecReader,
		roleSecAdmin, roleReports, roleMsgCenter, roleReaders, rolePrivAdmin, roleAppAdmin}
)

// Microsoft's default audit actions of user and shared mailboxes, in the order in which
// the service lists them. The premium sets are sent for licensed mailboxes.
var (
	auditAdminStandard    = []string{"Update", "MoveToDeletedItems", "SoftDelete", "HardDelete", "SendAs", "SendOnBehalf", "Create", "UpdateFolderPermissions", "UpdateInboxRules", "UpdateCalendarDelegation", "ApplyRecord"}
	auditAdminPremium     = append(auditAdminStandard[:len(auditAdminStandard):len(auditAdminStandard)], "MailItemsAccessed", "Send")
	auditDelegateStandard = []string{"Update", "MoveToDeletedItems", "SoftDelete", "HardDelete", "SendAs", "SendOnBehalf", "Create", "UpdateFolderPermissions", "UpdateInboxRules", "ApplyRecord"}
	auditDelegatePremium  = append(auditDelegateStandard[:len(auditDelegateStandard):len(auditDelegateStandard)], "MailItemsAccessed")
	auditOwnerStandard    = []string{"Update", "MoveToDeletedItems", "SoftDelete", "HardDelete", "UpdateFolderPermissions", "UpdateInboxRules", "UpdateCalendarDelegation", "ApplyRecord"}
	auditOwnerPremium     = append(auditOwnerStandard[:len(auditOwnerStandard):len(auditOwnerStandard)], "MailItemsAccessed", "Send")
	auditGroupMember      = []string{"Create", "HardDelete", "MoveToDeletedItems", "SendAs", "SendOnBehalf", "SoftDelete", "Update"}
	auditGroupOwner       = []string{"HardDelete", "MoveToDeletedItems", "SoftDelete", "Update"}
	auditAllLogons        = []string{"Admin", "Delegate", "Owner"}
)

// folderRoleRights expands a folder role into the rights it stands for.
// Source: learn.microsoft.com, Add-MailboxFolderPermission.
var folderRoleRights = map[string][]string{
	"Author":           {"CreateItems", "DeleteOwnedItems", "EditOwnedItems", "FolderVisible", "ReadItems"},
	"Contributor":      {"CreateItems", "FolderVisible"},
	"Editor":           {"CreateItems", "DeleteAllItems", "DeleteOwnedItems", "EditAllItems", "EditOwnedItems", "FolderVisible", "ReadItems"},
	"NonEditingAuthor": {"CreateItems", "DeleteOwnedItems", "FolderVisible", "ReadItems"},
	"Owner": {"CreateItems", "CreateSubfolders", "DeleteAllItems", "DeleteOwnedItems", "EditAllItems", "EditOwnedItems",
		"FolderContact", "FolderOwner", "FolderVisible", "ReadItems"},
	"PublishingAuthor": {"CreateItems", "CreateSubfolders", "DeleteOwnedItems", "EditOwnedItems", "FolderVisible", "ReadItems"},
	"PublishingEditor": {"CreateItems", "CreateSubfolders", "DeleteAllItems", "DeleteOwnedItems", "EditAllItems", "EditOwnedItems",
		"FolderVisible", "ReadItems"},
	"Reviewer":         {"FolderVisible", "ReadItems"},
	"None":             {},
	"AvailabilityOnly": {},
	"LimitedDetails":   {},
}
