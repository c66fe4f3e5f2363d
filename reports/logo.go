package reports

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"image"
	_ "image/jpeg" // the two formats that browsers, spreadsheet programs and image show alike
	_ "image/png"

	"github.com/xuri/excelize/v2"
)

// A logo is small: it is in every copy of the page.
const (
	maxLogoBytes = 1 << 20
	maxLogoSide  = 4000 // pixels
)

// Logo is a picture for the cover and the page. The zero value is none.
type Logo struct {
	format string // png or jpeg
	data   []byte
	w, h   int // pixels
}

// NewLogo takes the bytes of a PNG or JPEG picture. Other formats are refused: a picture that
// is a document of its own (SVG) may hold scripts and addresses.
func NewLogo(data []byte) (Logo, error) {
	if len(data) > maxLogoBytes {
		return Logo{}, fmt.Errorf("%d bytes; at most %d are taken", len(data), maxLogoBytes)
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if errors.Is(err, image.ErrFormat) || err == nil && format != "png" && format != "jpeg" {
		return Logo{}, errors.New("no PNG or JPEG picture")
	}
	if err != nil {
		return Logo{}, fmt.Errorf("damaged: %w", err)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxLogoSide || c.Height > maxLogoSide {
		return Logo{}, fmt.Errorf("%d by %d pixels; at most %d by %d are taken", c.Width, c.Height, maxLogoSide, maxLogoSide)
	}
	// Whole, and not only its header: a picture that breaks off is better refused here.
	if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
		return Logo{}, fmt.Errorf("damaged: %w", err)
	}
	return Logo{format, data, c.Width, c.Height}, nil
}

// address is the picture as a data address; "" for none. Its characters are those of base64.
func (l Logo) address() template.URL {
	if l.data == nil {
		return ""
	}
	return template.URL("data:image/" + l.format + ";base64," + base64.StdEncoding.EncodeToString(l.data)) //nolint:gosec // made here, of checked bytes
}

// logo puts the picture to the right of the cover's title.
func (b *workbook) logo(sheet string) error {
	l := b.m.logo
	if l.data == nil {
		return nil
	}
	// At most 180 by 60 pixels, in proportion.
	scale := min(1, 180/float64(l.w), 60/float64(l.h))
	return b.f.AddPictureFromBytes(sheet, "C2", &excelize.Picture{
		Extension: "." + l.format, File: l.data,
		Format: &excelize.GraphicOptions{AltText: "Logo", ScaleX: scale, ScaleY: scale, Positioning: "oneCell"},
	})
}
