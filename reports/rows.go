package reports

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// rowSpool holds the rows of one evidence sheet as they stand in the archive: compressed, in a file of
// its own. The library writes the sheet around them (views, widths, header, table, note) with one row
// that bears a mark; the archive writer puts the rows in its place. So a million rows cost neither the
// library's cells nor its temporary file of uncompressed rows.
type rowSpool struct {
	mark string
	file *os.File
	buf  *bufio.Writer
	comp *flate.Writer
	crc  uint32
	n    uint64 // bytes uncompressed
	line []byte
	cols []string // letters of the columns
}

// newRowSpool makes the file inside a private folder. The mark is not to be guessed: it only has to
// differ from whatever a tenant may write.
func newRowSpool(dir, mark string, cols int) (*rowSpool, error) {
	f, err := os.CreateTemp(dir, "rows-*")
	if err != nil {
		return nil, err
	}
	s := &rowSpool{mark: mark, file: f, buf: bufio.NewWriterSize(f, 1<<16)}
	for i := range cols {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		s.cols = append(s.cols, name)
	}
	if s.comp, err = flate.NewWriter(s.buf, zipLevel); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// row appends row n (1-based, the header is 1).
func (s *rowSpool) row(n int, cells []any) error {
	b := append(s.line[:0], `<row r="`...)
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(b, `">`...)
	for i, v := range cells {
		style := 0
		if c, ok := v.(excelize.Cell); ok {
			style, v = c.StyleID, c.Value
			if v == nil && style == 0 {
				continue
			}
		} else if v == nil {
			continue
		}
		b = append(b, `<c r="`...)
		b = append(b, s.cols[i]...)
		b = strconv.AppendInt(b, int64(n), 10)
		b = append(b, '"')
		if style != 0 {
			b = append(b, ` s="`...)
			b = strconv.AppendInt(b, int64(style), 10)
			b = append(b, '"')
		}
		switch v := v.(type) {
		case nil:
			b = append(b, `/>`...)
		case string:
			b = append(b, ` t="inlineStr"><is>`...)
			if strings.Contains(v, "_x") {
				v = escapes.ReplaceAllString(v, "_x005F_$1")
			}
			b = appendText(b, v)
			b = append(b, `</is></c>`...)
		case []excelize.RichTextRun:
			b = append(b, ` t="inlineStr"><is>`...)
			for _, r := range v {
				b = append(b, `<r>`...)
				b = appendText(b, r.Text)
				b = append(b, `</r>`...)
			}
			b = append(b, `</is></c>`...)
		case bool:
			b = append(b, ` t="b"><v>`...)
			if v {
				b = append(b, '1')
			} else {
				b = append(b, '0')
			}
			b = append(b, `</v></c>`...)
		case int64:
			b = append(b, `><v>`...)
			b = strconv.AppendInt(b, v, 10)
			b = append(b, `</v></c>`...)
		case float64:
			b = append(b, `><v>`...)
			b = strconv.AppendFloat(b, v, 'f', -1, 64)
			b = append(b, `</v></c>`...)
		default:
			return fmt.Errorf("row %d: a cell of %T", n, v)
		}
	}
	b = append(b, `</row>`...)
	s.line = b
	s.crc = crc32.Update(s.crc, crc32.IEEETable, b)
	s.n += uint64(len(b))
	_, err := s.comp.Write(b)
	return err
}

// appendText appends a text element; spaces at its ends are kept.
func appendText(b []byte, s string) []byte {
	b = append(b, `<t`...)
	if s != "" && strings.ContainsAny(s[:1]+s[len(s)-1:], " \t\n\r") {
		b = append(b, ` xml:space="preserve"`...)
	}
	b = append(b, '>')
	if bare(s) {
		b = append(b, s...)
	} else {
		var w bytes.Buffer
		_ = xml.EscapeText(&w, []byte(s)) // a buffer takes everything
		b = append(b, bytes.ReplaceAll(w.Bytes(), []byte("&#xA;"), []byte("\n"))...)
	}
	return append(b, `</t>`...)
}

// bare reports whether a text is printable ASCII without a character that XML gives a meaning.
func bare(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' {
			return false
		}
	}
	return true
}

// end brings all rows into the file, up to a boundary of bytes and without the mark of an end, so
// that the compressed rest of a sheet can follow.
func (s *rowSpool) end() error { return errors.Join(s.comp.Flush(), s.buf.Flush()) }

// into writes the compressed rows.
func (s *rowSpool) into(w io.Writer) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

// crcCombine is the checksum (CRC-32, IEEE) of two stretches of bytes from those of each and the length of
// the second: the first is multiplied by x to the power of that length in bits, modulo the polynomial.
func crcCombine(first, second uint32, length uint64) uint32 {
	power, square := uint32(1)<<31, uint32(1)<<30 // x^0 and x^1: bit 31 is the lowest power
	for bits := length * 8; bits > 0; bits >>= 1 {
		if bits&1 == 1 {
			power = crcMultiply(power, square)
		}
		square = crcMultiply(square, square)
	}
	return crcMultiply(power, first) ^ second
}

func crcMultiply(a, b uint32) (product uint32) {
	for bit := uint32(1) << 31; bit > 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ crc32.IEEE
		} else {
			b >>= 1
		}
	}
	return product
}

// rowInserter replaces the marked row of a worksheet while the library writes it.
type rowInserter struct {
	part    *zipPart
	spools  []*rowSpool
	head    []byte
	decided bool
}

// secondRow begins the row that may bear a mark.
var secondRow = []byte(`<row r="2"`)

// headMost is how far the second row of a sheet is looked for; a sheet with a mark is small.
const headMost = 1 << 20

func (s *rowInserter) Write(b []byte) (int, error) {
	if s.decided {
		return s.part.Write(b)
	}
	s.head = append(s.head, b...)
	at := bytes.Index(s.head, secondRow)
	end := -1
	if at >= 0 {
		end = bytes.Index(s.head[at:], []byte("</row>"))
	}
	if end < 0 && len(s.head) < headMost {
		return len(b), nil
	}
	if end >= 0 {
		row := s.head[at : at+end]
		for _, spool := range s.spools {
			if bytes.Contains(row, []byte(spool.mark)) {
				if _, err := s.part.Write(s.head[:at]); err != nil {
					return 0, err
				}
				if err := s.part.insert(spool); err != nil {
					return 0, err
				}
				s.head = s.head[at+end+len("</row>"):]
				break
			}
		}
	}
	return len(b), s.flush()
}

// flush passes on what was held back.
func (s *rowInserter) flush() error {
	s.decided = true
	_, err := s.part.Write(s.head)
	s.head = nil
	return err
}
