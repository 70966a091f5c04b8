package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"math/big"
	"net/url"
	"time"
)

// What a certificate or a request is made from; octets are base64 in the JSON.
type input struct {
	Identity identity
	// PKCS#8 of the key that signs.
	Key []byte
	// DER of the authority's certificate, and seconds that its leaves live.
	Issuer   []byte
	Lifetime int64
	// DER of the key to be certified, or of the request that holds it.
	PublicKey []byte
	Request   []byte
}

type identity struct {
	Organization string   `json:"organization"`
	CommonName   string   `json:"commonName"`
	DNSNames     []string `json:"dNSNames"`
	URI          string   `json:"uri"`
}

// The same with its keys and certificates read.
type material struct {
	input
	key    *ecdsa.PrivateKey
	issuer *x509.Certificate
	uri    *url.URL
}

func read(text []byte) (*material, error) {
	m := &material{}
	if err := json.Unmarshal(text, &m.input); err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(m.Key)
	if err != nil {
		return nil, err
	}
	m.key = key.(*ecdsa.PrivateKey)
	if m.uri, err = url.Parse(m.Identity.URI); err != nil {
		return nil, err
	}
	if m.Issuer != nil {
		m.issuer, err = x509.ParseCertificate(m.Issuer)
	}
	return m, err
}

func (m *material) subject() pkix.Name {
	return pkix.Name{Organization: []string{m.Identity.Organization}, CommonName: m.Identity.CommonName}
}

// Makes a leaf with a random serial number; Go verifies what it signed.
func (m *material) leaf(subject pkix.Name, dnsNames []string, uris []*url.URL, publicKey crypto.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, serialLimit)
	if err != nil {
		return nil, err
	}
	notBefore := time.Now().Add(-time.Minute).Truncate(time.Second)
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		DNSNames:     dnsNames,
		URIs:         uris,
		NotBefore:    notBefore,
		NotAfter:     notBefore.Add(time.Duration(m.Lifetime) * time.Second),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	return x509.CreateCertificate(rand.Reader, &template, m.issuer, publicKey, m.key)
}

var serialLimit = new(big.Int).Lsh(big.NewInt(1), 128)

// From names and a public key at hand to the DER of a leaf.
func issue(text []byte) (work, error) {
	m, err := read(text)
	if err != nil {
		return nil, err
	}
	publicKey, err := x509.ParsePKIXPublicKey(m.PublicKey)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		return m.leaf(m.subject(), m.Identity.DNSNames, []*url.URL{m.uri}, publicKey)
	}, nil
}

// From names and a key at hand to the DER of a signed request.
func createRequest(text []byte) (work, error) {
	m, err := read(text)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		template := x509.CertificateRequest{Subject: m.subject(), DNSNames: m.Identity.DNSNames, URIs: []*url.URL{m.uri}}
		return x509.CreateCertificateRequest(rand.Reader, &template, m.key)
	}, nil
}

// From the DER of a request, whose signature is checked, to the DER of a leaf with its names.
func pipeline(text []byte) (work, error) {
	m, err := read(text)
	if err != nil {
		return nil, err
	}
	if m.issuer == nil {
		return nil, errors.New("cannot issue: no authority")
	}
	return func() (any, error) {
		request, err := x509.ParseCertificateRequest(m.Request)
		if err != nil {
			return nil, err
		}
		if err := request.CheckSignature(); err != nil {
			return nil, err
		}
		return m.leaf(request.Subject, request.DNSNames, request.URIs, request.PublicKey)
	}, nil
}

// From the DER of a request to its names, its signature checked.
func verifyRequest(text []byte) (work, error) {
	var given input
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	return func() (any, error) {
		request, err := x509.ParseCertificateRequest(given.Request)
		if err != nil {
			return nil, err
		}
		return identityOf(request.Subject, request.DNSNames, request.URIs), request.CheckSignature()
	}, nil
}

// What is read from a certificate.
type facts struct {
	identity
	NotBefore int64 `json:"notBefore"`
	NotAfter  int64 `json:"notAfter"`
}

func identityOf(subject pkix.Name, dnsNames []string, uris []*url.URL) identity {
	return identity{
		Organization: subject.Organization[0],
		CommonName:   subject.CommonName,
		DNSNames:     dnsNames,
		URI:          uris[0].String(),
	}
}

// From the DER of a leaf to its subject, subjectAltName and validity.
func parse(text []byte) (work, error) {
	var given struct{ Certificate []byte }
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	return func() (any, error) {
		leaf, err := x509.ParseCertificate(given.Certificate)
		if err != nil {
			return nil, err
		}
		return facts{
			identity:  identityOf(leaf.Subject, leaf.DNSNames, leaf.URIs),
			NotBefore: leaf.NotBefore.Unix(),
			NotAfter:  leaf.NotAfter.Unix(),
		}, nil
	}, nil
}
