package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"software.sslmate.com/src/go-pkcs12"
)

var fuzzNow = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// keyed is a certificate and its key in the forms of files.
func keyed(f *testing.F, key crypto.Signer) (cert *x509.Certificate, certPEM, keyPEM []byte) {
	tpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "audit"}, NotBefore: fuzzNow.Add(-24 * time.Hour), NotAfter: fuzzNow.Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		f.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		f.Fatal(err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

// A certificate file, whatever is in it, must give a key with its own certificate in
// front and valid now, or an error of usage that quotes nothing of the file.
func FuzzCertificateFile(f *testing.F) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	cert, certPEM, keyPEM := keyed(f, ec)
	_, rsaCert, rsaKey := keyed(f, rs)
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		f.Fatal(err)
	}
	var pfx []byte
	for range 20 { // encrypted parts may look like a big integer
		if pfx != nil && !bigInteger(pfx) {
			break
		}
		if pfx, err = pkcs12.Modern.WithIterations(2).Encode(ec, cert, nil, "p"); err != nil {
			f.Fatal(err)
		}
	}
	for _, data := range [][]byte{
		append(bytes.Clone(certPEM), keyPEM...), append(bytes.Clone(rsaKey), append(certPEM, rsaCert...)...), append(bytes.Clone(rsaCert), keyPEM...),
		append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1}), certPEM...),
		append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rs)}), rsaCert...),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x")}),
		[]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), []byte("-----BEGIN "), pfx, pfx[:len(pfx)/2], []byte("0\x82"), nil,
	} {
		f.Add(data, "p")
	}
	f.Add(pfx, "")
	dir := f.TempDir()
	path := filepath.Join(dir, "file")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if !bytes.Contains(data, []byte("-----BEGIN ")) && bigInteger(data) {
			return
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		certs, key, err := loadCertificate(path, password, fuzzNow)
		if err != nil {
			if certs != nil || key != nil {
				t.Errorf("%q: a key beside the error %v", data, err)
			}
			if !errors.Is(err, ErrUsage) || len(password) > 8 && strings.Contains(err.Error(), password) {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		signer, ok := key.(crypto.Signer)
		if !ok || len(certs) == 0 {
			t.Fatalf("%q: %d certificates, key %T", data, len(certs), key)
		}
		pub, ok := certs[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		if !ok || !pub.Equal(signer.Public()) {
			t.Errorf("%q: the first certificate is not the key's", data)
		}
		if fuzzNow.Before(certs[0].NotBefore) || fuzzNow.After(certs[0].NotAfter) {
			t.Errorf("%q: valid from %s to %s", data, certs[0].NotBefore, certs[0].NotAfter)
		}
	})
}

// bigInteger looks for an ASN.1 integer of three or four bytes: a PFX file says itself how
// often its password is hashed, and the user who wrote it waits for it. This test does not.
func bigInteger(data []byte) bool {
	for i := 0; i+1 < len(data); i++ {
		if n := data[i+1]; data[i] == 2 && (n == 3 || n == 4) {
			return true
		}
	}
	return false
}

// What a refused sign-in says must be one printable line with a next step, and show no
// secret that came with the refusal.
func FuzzSignInError(f *testing.F) {
	for _, s := range []string{
		"POST https://login.microsoftonline.com/x/oauth2/v2.0/token\n--------\nRESPONSE 401: 401 Unauthorized\n{\n  \"error\": \"invalid_client\",\n  \"error_description\": \"AADSTS7000215: Invalid client secret provided. Trace ID: 1f\"\n}",
		"AADSTS90002: Tenant 'x' not found.", "AADSTS1234: \x1b[31m red\u202e text", "AADSTS99999999999", "x509: certificate signed by unknown authority", "a\x00b\xff\r\nc", "",
	} {
		f.Add(s, ClientSecret)
		f.Add(s, AzureCLI)
	}
	f.Fuzz(func(t *testing.T, text, method string) {
		const secret = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
		err := explain(errors.New(text+" Authorization: Bearer "+secret), oauthRefusal{Error: method, Description: text + secret}, method, "https://graph.microsoft.com/.default")
		var e *Error
		if !errors.As(err, &e) || e.Cause == "" || e.Next == "" {
			t.Fatalf("%q: %#v", text, err)
		}
		line := e.Error()
		if strings.Contains(line, secret) {
			t.Errorf("%q: %q shows the token", text, line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: %q holds %U", text, line, r)
			}
		}
		if e.Code != "" && !strings.Contains(text, e.Code) {
			t.Errorf("%q: code %q", text, e.Code)
		}
	})
}
