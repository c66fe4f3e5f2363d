package auth

// advice is a cause in plain words and the next step that the reader can do.
type advice struct {
	cause, next string
	// passing is a trouble of the moment: asking again may help.
	passing bool
}

const (
	signInAgain  = "sign in again; --resume goes on with what is stored"
	ownAccount   = "use an account of the tenant, or be invited first"
	matchSubject = "compare issuer, subject and audience of the application's federated credential with the workload's token"
	rightCloud   = "pass --cloud usgov, usgovdod or china, or leave it out for a tenant of the global cloud"
	thePolicy    = "ask an administrator which Conditional Access policy applies (sign-in logs, this code), and for an exclusion of this application if that is right"
)

// advices explains the authority's codes.
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
var advices = map[string]advice{
	// the application and its credential
	"AADSTS7000215": {cause: "the client secret is wrong", next: "copy the secret's value, not its id, into AZURE_CLIENT_SECRET"},
	"AADSTS7000222": {cause: "the client secret has expired", next: "create a new secret for the application and set AZURE_CLIENT_SECRET"},
	"AADSTS7000216": {cause: "the request holds neither a secret nor a certificate", next: "use --auth client-secret or certificate"},
	"AADSTS7000218": {cause: "the application registration is not a public client", next: "allow public client flows in the registration (Authentication), or use --auth client-secret or certificate"},
	"AADSTS7000112": {cause: "the application is disabled", next: "an administrator must enable its enterprise application"},
	"AADSTS7000113": {cause: "the application may not be used in this way", next: "check --client-id, and use --auth certificate or client-secret of an own app registration"},
	"AADSTS7000114": {cause: "the application is not allowed to call this service", next: "grant it the application permissions that the README lists"},
	"AADSTS7000229": {cause: "the application has no service principal in this tenant", next: "an administrator must consent to the application in the tenant"},
	"AADSTS700016":  {cause: "the application does not exist in this tenant", next: "check --client-id and --tenant; a multi-tenant application must be consented in the tenant first"},
	"AADSTS700027":  {cause: "the certificate is not registered with the application, or has expired", next: "upload the certificate's public part to the application registration, or use the registered one"},
	"AADSTS700030":  {cause: "the certificate is not accepted for this application", next: "use a certificate that the registration lists"},
	"AADSTS1000502": {cause: "the certificate has expired or is not valid yet", next: "register a new certificate with the application and pass it with --certificate; check this machine's clock"},
	"AADSTS50012":   {cause: "the application's credential was refused", next: "check --client-id and the secret or certificate that belongs to it"},
	"AADSTS50013":   {cause: "the signature of the assertion is not valid", next: "check that the key belongs to the registered certificate, or that the workload's issuer publishes its keys"},
	"AADSTS50027":   {cause: "the assertion is malformed", next: "check the certificate, or the file that AZURE_FEDERATED_TOKEN_FILE names"},
	"AADSTS700021":  {cause: "the assertion is about another application", next: "check --client-id"},
	"AADSTS700023":  {cause: "the assertion is for another authority", next: "check --tenant and --cloud"},
	"AADSTS700024":  {cause: "the assertion is not valid at this time", next: "set this machine's clock; a workload's token file must be renewed by its platform"},
	"AADSTS700211":  {cause: "no federated credential of the application has this issuer", next: matchSubject},
	"AADSTS700212":  {cause: "no federated credential of the application has this audience", next: matchSubject},
	"AADSTS700213":  {cause: "no federated credential of the application has this subject", next: matchSubject},
	"AADSTS70021":   {cause: "no federated credential of the application matches this workload", next: matchSubject},
	"AADSTS50011":   {cause: "the application registration lacks the redirect address", next: "add http://localhost as a redirect URI for mobile and desktop applications"},
	"AADSTS500113":  {cause: "the application registration has no redirect address", next: "add http://localhost as a redirect URI for mobile and desktop applications"},
	"AADSTS500112":  {cause: "the redirect address is not the one of the sign-in", next: "add http://localhost as a redirect URI for mobile and desktop applications, and sign in again"},
	"AADSTS50148":   {cause: "the answer of the browser does not belong to this sign-in", next: "sign in again"},
	"AADSTS50194":   {cause: "the application is of a single other tenant", next: "pass the tenant of the application with --tenant, or register it as multi-tenant"},
	"AADSTS501051":  {cause: "the application is not assigned to a role of the service", next: "grant it the application permissions that the README lists"},
	"AADSTS1002012": {cause: "the scope is not accepted for this kind of sign-in", next: "report this: it is a fault of this program"},
	"AADSTS70011":   {cause: "the scope is not accepted", next: "check --cloud: the services of another cloud have other names"},
	"AADSTS90014":   {cause: "the request lacks a field", next: "check --client-id and --tenant; report this if they are right"},
	"AADSTS900144":  {cause: "the request lacks a field", next: "check --client-id and --tenant; report this if they are right"},

	// consent
	"AADSTS65001":  {cause: "nobody has consented to the permissions of this application", next: "an administrator must grant consent (Enterprise applications, Permissions)"},
	"AADSTS65004":  {cause: "the consent was declined", next: "sign in again and accept, or ask an administrator to grant consent"},
	"AADSTS650052": {cause: "the service is not set up in this tenant", next: "the tenant lacks Exchange Online, or an administrator must consent to the application first"},
	"AADSTS650057": {cause: "the application registration does not list the service", next: "add the permissions of the README to the registration, and grant consent"},
	"AADSTS90094":  {cause: "an administrator must consent to the application", next: "ask an administrator to grant consent for the organization"},
	"AADSTS90093":  {cause: "an administrator must consent to the application", next: "ask an administrator to grant consent for the organization"},
	"AADSTS90095":  {cause: "an administrator must consent to the application", next: "ask an administrator to grant consent for the organization"},

	// Conditional Access and second factors
	"AADSTS53000":  {cause: "Conditional Access asks for a compliant device", next: "sign in with --auth browser on a device that the tenant manages"},
	"AADSTS53001":  {cause: "Conditional Access asks for a device that is joined to the domain", next: "sign in with --auth browser on such a device"},
	"AADSTS53002":  {cause: "Conditional Access asks for an approved application", next: thePolicy},
	"AADSTS53003":  {cause: "Conditional Access blocks this sign-in", next: "sign in from an allowed device or place, with another --auth, or ask for an exclusion of this application"},
	"AADSTS53004":  {cause: "a second factor cannot be set up from here", next: "register it from a trusted place at https://aka.ms/mfasetup and try again"},
	"AADSTS530003": {cause: "Conditional Access asks for a managed device", next: "sign in with --auth browser on a device that the tenant manages"},
	"AADSTS530031": {cause: "Conditional Access does not allow this sign-in", next: thePolicy},
	"AADSTS530032": {cause: "a policy of the tenant does not allow this sign-in", next: thePolicy},
	"AADSTS530035": {cause: "security defaults block this sign-in", next: "sign in with --auth browser"},
	"AADSTS50158":  {cause: "Conditional Access asks for a further check", next: "sign in with --auth browser"},
	"AADSTS50074":  {cause: "multifactor authentication is needed", next: "sign in with --auth browser or device-code"},
	"AADSTS50076":  {cause: "multifactor authentication is needed", next: "sign in with --auth browser or device-code"},
	"AADSTS50072":  {cause: "multifactor authentication must be set up first", next: "register a second factor at https://aka.ms/mfasetup and try again"},
	"AADSTS50079":  {cause: "multifactor authentication must be set up first", next: "register a second factor at https://aka.ms/mfasetup and try again"},
	"AADSTS500121": {cause: "the second factor was not confirmed", next: "sign in again and confirm it"},

	// the account
	"AADSTS16000": {cause: "the account belongs to another tenant", next: "sign in with an account of the tenant"},
	"AADSTS50020": {cause: "the account is a guest or belongs to another directory", next: ownAccount},
	"AADSTS50034": {cause: "the user does not exist in this tenant", next: "check --tenant and the account you signed in with"},
	"AADSTS50053": {cause: "the account is locked, or the address of this machine is blocked", next: "wait, or ask an administrator"},
	"AADSTS50055": {cause: "the password has expired", next: "change it and try again"},
	"AADSTS50056": {cause: "the account has no password here, or a wrong one", next: "sign in with --auth browser or device-code"},
	"AADSTS50057": {cause: "the account is disabled", next: "ask an administrator to enable it, or use another account"},
	"AADSTS50058": {cause: "nobody is signed in", next: "sign in with --auth browser or device-code"},
	"AADSTS50105": {cause: "the user is not assigned to this application", next: "an administrator must assign the user, or switch assignment off"},
	"AADSTS50126": {cause: "user name or password is wrong", next: "try again"},
	"AADSTS90072": {cause: "the account is not a member of this tenant", next: ownAccount},

	// a sign-in that has ended
	"AADSTS50089":  {cause: "the sign-in has expired", next: signInAgain},
	"AADSTS50132":  {cause: "the sign-in was revoked", next: signInAgain},
	"AADSTS50133":  {cause: "the sign-in ended when the password was changed", next: signInAgain},
	"AADSTS50173":  {cause: "the sign-in was revoked", next: signInAgain},
	"AADSTS70000":  {cause: "the sign-in is no longer valid", next: signInAgain},
	"AADSTS70008":  {cause: "the sign-in has expired", next: signInAgain},
	"AADSTS70043":  {cause: "the sign-in has expired by policy", next: signInAgain},
	"AADSTS700082": {cause: "the sign-in has expired through inactivity", next: signInAgain},
	"AADSTS700084": {cause: "the sign-in has reached the end of its life", next: signInAgain},
	"AADSTS399284": {cause: "the sign-in was refused for an invalid token", next: "sign in again"},
	"AADSTS70016":  {cause: "the code has not been entered yet", next: "open the address shown and enter the code"},
	"AADSTS70018":  {cause: "the code that was entered is wrong", next: "run the command again and enter the new code"},
	"AADSTS70019":  {cause: "the code has expired", next: "run the command again and enter the new code"},
	"AADSTS70020":  {cause: "the code has expired", next: "run the command again and enter the new code"},

	// the tenant and its cloud
	"AADSTS50059":  {cause: "the tenant could not be told from the request", next: "pass --tenant"},
	"AADSTS90019":  {cause: "the tenant is missing in the request", next: "pass --tenant"},
	"AADSTS90002":  {cause: "the tenant was not found", next: "check --tenant for a typing error, and --cloud: the tenant may live in another cloud"},
	"AADSTS900021": {cause: "the tenant id is empty", next: "pass the tenant id or a verified domain with --tenant"},
	"AADSTS900023": {cause: "the tenant name is not valid", next: "pass the tenant id or a verified domain with --tenant"},
	"AADSTS900382": {cause: "the tenant lives in another cloud than the application", next: "register the application in the tenant's cloud, and " + rightCloud},
	"AADSTS900432": {cause: "the tenant lives in another cloud", next: rightCloud},
	"AADSTS90038":  {cause: "the tenant lives in another cloud", next: rightCloud},
	"AADSTS500011": {cause: "the service is not present in this tenant", next: "check --cloud; the tenant may lack Exchange Online"},
	"AADSTS500014": {cause: "the service is disabled in this tenant", next: "an administrator must enable its service principal"},

	// troubles of the moment
	"AADSTS5000224": {cause: "the tenant is not reachable at the moment", next: "try again later", passing: true},
	"AADSTS50196":   {cause: "the authority stopped a loop of requests", next: "wait a few minutes and try again", passing: true},
	"AADSTS90033":   {cause: "the authority is busy", next: "try again in a few minutes", passing: true},
	"AADSTS90012":   {cause: "the authority took too long", next: "try again in a few minutes", passing: true},
	"AADSTS90006":   {cause: "the authority had a fault", next: "try again in a few minutes", passing: true},
}
