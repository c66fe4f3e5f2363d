// Package redact makes a copy of a snapshot that can be shown to others: everything that
// says whose tenant it is has a pseudonym, and everything that says what is wrong with it
// stays.
//
// The copy is a snapshot of its own, and everything that is written for others is made from
// it and from nothing else. A text that this package did not let through therefore cannot
// reach a report, whatever the report does with it. What may pass is decided field by field,
// in one table: a field without a line in it is an error, and a test holds the table against
// the row types.
//
// A pseudonym is made from a keyed hash (HMAC-SHA-256) of the value and its kind. The same
// value gets the same pseudonym wherever it stands, so that rows still belong together and
// two copies made with one key can be compared; without the key nobody can try out names.
// Addresses keep their form, and a domain keeps its relation to the domains below it.
//
// Words about a finding are never searched for names: the checks are run again on the copy,
// and what they say about it is what is shown. The verdict, the severity and the numbers are
// those of the original. Where the copy does not let a check say anything, the finding stays
// with the title of its check.
package redact
