// Package faketenant is a simulated Microsoft 365 tenant: Microsoft Graph v1.0, the
// Exchange Online admin API and a sign-in endpoint behind one http.Handler.
//
// It serves the demonstration, training and integration tests. A Tenant is made in two
// steps. The plan comes first: people, mailboxes, groups, grants, rules, applications and,
// for each reference that another object holds, what that reference resolves to. From the
// plan two things are rendered, apart from each other: the wire (what the services
// answer, rendered per request, so that large tenants stay small in memory) and the answer
// key (what a correct review has to say). The answer key never reads the wire.
//
// The same Options give the same plan, the same answer key and the same answers, byte for
// byte; tokens, request ids and rate headers are the exceptions, because they follow the
// real clock.
//
// Where the real services are strict or undocumented, the simulator is strict: a page
// token belongs to one host, anchor and cookie, an eleventh batch item fails, page two needs
// the headers of page one. Strict lists the switches. Faults are named and can be repeated.
//
// The package imports nothing else of this module and knows no client: it follows the
// public contracts of the services. All people, domains and addresses are invented;
// identifiers of Microsoft's own applications, permissions, roles, licences and service
// plans are the public ones.
package faketenant
