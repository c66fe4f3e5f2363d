package reports

import (
	"archive/zip"
	"bufio"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// sortedZip is the archive writer of the workbook. Each part is compressed into a file
// of its own in a private folder; Close puts them together by name, with known sizes and
// one fixed time. So the archive does not depend on the order in which the library hands
// over its parts, and memory does not grow with the number of rows.
type sortedZip struct {
	dst   io.Writer
	dir   string // private, removed by its owner
	stamp time.Time
	cur   *zipPart
	parts []*zipPart
	names map[string]bool
	rows  []*rowSpool  // of sheets that bear their marks
	sheet *rowInserter // the worksheet that is being written
}

// zipLevel is the flate level: above it, time doubles for a percent of size.
const zipLevel = 5

type zipPart struct {
	name string
	file *os.File
	buf  *bufio.Writer
	comp *flate.Writer
	crc  uint32
	n    uint64
}

func (p *zipPart) Write(b []byte) (int, error) {
	n, err := p.comp.Write(b)
	p.crc = crc32.Update(p.crc, crc32.IEEETable, b[:n])
	p.n += uint64(n)
	return n, err
}

// insert puts rows that are compressed already between what was written and what follows.
func (p *zipPart) insert(s *rowSpool) error {
	if err := p.comp.Flush(); err != nil {
		return err
	}
	if err := s.into(p.buf); err != nil {
		return err
	}
	p.comp.Reset(p.buf)
	p.crc = crcCombine(p.crc, s.crc, s.n)
	p.n += s.n
	return nil
}

// end completes the part that is being written.
func (z *sortedZip) end() error {
	p := z.cur
	if p == nil {
		return nil
	}
	z.cur = nil
	if sheet := z.sheet; sheet != nil {
		z.sheet = nil
		if !sheet.decided {
			if err := sheet.flush(); err != nil {
				return err
			}
		}
	}
	if err := p.comp.Close(); err != nil {
		return err
	}
	return p.buf.Flush()
}

// Create begins the next part.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	if err := z.end(); err != nil {
		return nil, err
	}
	if z.names[name] {
		return nil, errors.New("two parts named " + name)
	}
	if z.names == nil {
		z.names = map[string]bool{}
	}
	z.names[name] = true
	f, err := os.CreateTemp(z.dir, "part-*")
	if err != nil {
		return nil, err
	}
	p := &zipPart{name: name, file: f, buf: bufio.NewWriterSize(f, 1<<16)}
	z.parts = append(z.parts, p)
	if p.comp, err = flate.NewWriter(p.buf, zipLevel); err != nil {
		return nil, err
	}
	z.cur = p
	if len(z.rows) > 0 && strings.HasPrefix(name, "xl/worksheets/") {
		z.sheet = &rowInserter{part: p, spools: z.rows}
		return z.sheet, nil
	}
	return p, nil
}

// AddFS is part of the library's interface; a workbook has no use for it.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close assembles the archive: the content types first, as readers expect, then by name.
func (z *sortedZip) Close() error {
	err := z.end()
	slices.SortFunc(z.parts, func(a, b *zipPart) int {
		if x, y := strings.HasPrefix(a.name, "["), strings.HasPrefix(b.name, "["); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	w := zip.NewWriter(z.dst)
	for _, p := range z.parts {
		if err == nil {
			err = z.copy(w, p)
		}
		err = errors.Join(err, p.file.Close(), os.Remove(p.file.Name()))
	}
	if err != nil {
		return err
	}
	return w.Close()
}

func (z *sortedZip) copy(w *zip.Writer, p *zipPart) error {
	size, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	date, clock := dosTime(z.stamp)
	out, err := w.CreateRaw(&zip.FileHeader{
		Name: p.name, Method: zip.Deflate, CRC32: p.crc,
		CompressedSize64: uint64(size), UncompressedSize64: p.n,
		ModifiedDate: date, ModifiedTime: clock, //lint:ignore SA1019 CreateRaw writes these as they are and does not look at Modified
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(out, p.file)
	return err
}

// dosTime is a time as archives hold it: from 1980, two seconds exact.
func dosTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	if t.Year() < 1980 || t.Year() > 2107 {
		return 1<<5 | 1, 0
	}
	return uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9), uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
}
