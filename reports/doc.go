// Package reports writes a review: the workbook, the HTML page, report.json, one
// CSV file per dataset, and the manifest that names them all.
//
// [Write] is the only entry. It reads a [Source] (the judged side of a snapshot) and
// the [Results] of the checks, and streams: no dataset is held in memory as rows.
//
//	write.go, manifest.go        files: temporary name, 0600, fsync, rename, hashes
//	model.go                     what every report shows: counts, gaps, order, words
//	text.go, cells.go            tenant text made harmless; typed values
//	figures*.go, plots.go        what the pictures and charts show, and the pictures
//	language.go, languages/      the texts in other languages
//	json.go, csv.go, ocsf.go     the machine formats
//	workbook*.go, zip.go         review.xlsx
//	html*.go, columnar.go        review.html; its style, script and markup are in templates/
//
// What the package promises: the same input gives the same bytes, and times come from
// the run; a dataset that was not read in full is said to be "Not assessed" wherever
// somebody could take its emptiness for a good sign; text from the tenant never becomes a
// formula, markup, script, link or file name; whatever is shortened is counted and
// said. It opens no network connection and never looks at the clock.
package reports
