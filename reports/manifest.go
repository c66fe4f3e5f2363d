package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	manifestName   = "manifest.json"
	manifestSchema = "tenantaudit.manifest/v1"
)

// toolInfo names the program in report.json and in the manifest.
type toolInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// manifestDoc is manifest.json.
type manifestDoc struct {
	Schema    string     `json:"schema"`
	Tool      toolInfo   `json:"tool"`
	Tenant    tenantJSON `json:"tenant"`
	CreatedAt string     `json:"createdAt"`
	Redacted  bool       `json:"redacted,omitempty"` // names, addresses and ids are pseudonyms
	Files     []File     `json:"files"`
}

// writeManifest stages manifest.json, and its hash in the form that sha256sum -c reads.
func writeManifest(st *staging, m *model) error {
	doc := manifestDoc{Schema: manifestSchema, Tool: m.tool, Tenant: m.tenantJSON(), CreatedAt: utc(m.at), Redacted: m.redacted, Files: st.done}
	if doc.Files == nil {
		doc.Files = []File{}
	}
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	body = append(body, '\n')
	sum := sha256.Sum256(body)
	for _, f := range []struct {
		name string
		body []byte
	}{
		{manifestName, body},
		{manifestName + ".sha256", []byte(hex.EncodeToString(sum[:]) + "  " + manifestName + "\n")},
	} {
		_, err := st.write(f.name, func(w io.Writer) (int64, error) {
			_, err := w.Write(f.body)
			return 0, err
		})
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return nil
}

// hashFile is the manifest's entry of a file that stands in the folder already.
func hashFile(dir, name string) (File, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return File{}, err
	}
	return File{Name: name, SHA256: hex.EncodeToString(h.Sum(nil)), Size: n}, nil
}
