// Package exo reads Exchange Online through its admin API: the client for cmdlets
// and batches, the collectors that store what they answer, and the structs that
// stored rows decode to.
//
// The parts, from the wire up:
//
//   - envelope.go and errors.go read one answer: strict JSON, one envelope, errors
//     decoded once into *Error, and the Classifier that tells transport what an
//     answer means.
//   - client.go runs one cmdlet over all its pages, batch.go runs many cmdlets ten at
//     a time. Both promise that a cut, damaged or partly refused answer is never
//     handed on as a complete one.
//   - The collectors (collectors.go and the files it names) store answers as received,
//     one durable commit per HTTP answer, and say in the ledger why something is not
//     complete. A failure of the service is recorded, never returned.
//   - One file per cmdlet holds the struct of its rows and its decoder. They are the
//     only place that knows how PowerShell values look in JSON; internal/normalize
//     uses them on stored rows.
//
// The package changes nothing in a tenant, opens no connection of its own and never
// sends an empty identity: to many cmdlets that means "all objects".
package exo
