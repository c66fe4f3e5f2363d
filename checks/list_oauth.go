package checks

func oauthChecks() []Check {
	return []Check{
		oauthTier0ApplicationPermissions,
		oauthTenantWideMailApplications,
		oauthDelegatedGrantsAllPrincipals,
		oauthUserGrantsReviewed,
		oauthKnownBadApplications,
		oauthForeignApplications,
		oauthFirstPartyWithCredentials,
		oauthAppSecretLifetime,
		oauthApplicationOwners,
		oauthUserConsentRestricted,
		oauthAdminConsentWorkflow,
		oauthAppRegistrationRestricted,
		oauthDanglingGrants,
	}
}
