package auth

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12" // reads PFX files with SHA-256 MAC, OpenSSL 3's default, which azidentity's own parser refuses
)

// loadCertificate reads certificate chain and private key from a PEM or PFX file.
// Every fault has its own message: no file, wrong password, no key, expired.
func loadCertificate(path, password string, now time.Time) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if path == "" {
		return nil, nil, usage("--auth certificate needs --certificate FILE (PEM or PFX with the private key)")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, usage("--certificate %s: %v", path, errors.Unwrap(err))
	}
	var certs []*x509.Certificate
	var key crypto.PrivateKey
	if strings.Contains(string(data), "-----BEGIN ") {
		certs, key, err = parsePEM(data)
	} else {
		certs, key, err = parsePFX(data, password)
	}
	if err != nil {
		return nil, nil, usage("--certificate %s: %v", path, err)
	}
	leaf := certs[0]
	switch {
	case now.After(leaf.NotAfter):
		return nil, nil, usage("--certificate %s: the certificate expired on %s; register a new one with the application", path, leaf.NotAfter.UTC().Format("2006-01-02"))
	case now.Before(leaf.NotBefore):
		return nil, nil, usage("--certificate %s: the certificate is not valid before %s; check this machine's clock", path, leaf.NotBefore.UTC().Format("2006-01-02"))
	}
	return certs, key, nil
}

func parsePEM(data []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	var certs []*x509.Certificate
	var key crypto.PrivateKey
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, fmt.Errorf("unreadable certificate: %w", err)
			}
			certs = append(certs, c)
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return nil, nil, errors.New("the private key is encrypted PEM, which is not supported; convert it: openssl pkcs12 -export -in FILE -out FILE.pfx, and set AZURE_CLIENT_CERTIFICATE_PASSWORD")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			k, err := parseKey(block.Bytes)
			if err != nil {
				return nil, nil, err
			}
			key = k
		}
	}
	return pair(certs, key)
}

func parseKey(der []byte) (crypto.PrivateKey, error) {
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return k, nil
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k, nil
	}
	k, err := x509.ParseECPrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("unreadable private key: %w", err)
	}
	return k, nil
}

func parsePFX(data []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return nil, nil, errors.New("the file has a password: set AZURE_CLIENT_CERTIFICATE_PASSWORD")
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, errors.New("the password in AZURE_CLIENT_CERTIFICATE_PASSWORD is wrong")
	case err != nil:
		return nil, nil, fmt.Errorf("neither PEM nor a readable PFX file with one private key: %w", err)
	}
	return pair(append([]*x509.Certificate{leaf}, chain...), key)
}

// pair puts the certificate that belongs to the key first.
func pair(certs []*x509.Certificate, key crypto.PrivateKey) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if len(certs) == 0 {
		return nil, nil, errors.New("no certificate in the file")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, errors.New("no private key in the file")
	}
	for i, c := range certs {
		if pub, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok && pub.Equal(signer.Public()) {
			certs[0], certs[i] = certs[i], certs[0]
			return certs, key, nil
		}
	}
	return nil, nil, errors.New("the private key belongs to none of the certificates in the file")
}
