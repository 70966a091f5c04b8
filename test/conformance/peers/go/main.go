// Command peer answers one case of the conformance suites with crypto/x509: a question as JSON on standard input, `accept` or
// `reject` on standard output.
package main

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type question struct {
	Anchors, Intermediates [][]byte
	Leaf                   []byte
	Time                   time.Time
	Purpose, Name          string
	// Of cases that only read.
	Type string
	DER  []byte
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answer := validate
	if asked.Type != "" {
		answer = parse
	}
	if answer(asked) == nil {
		fmt.Println("accept")
	} else {
		fmt.Println("reject")
	}
}

func parse(asked question) (err error) {
	switch asked.Type {
	case "certificate":
		_, err = x509.ParseCertificate(asked.DER)
	case "csr":
		_, err = x509.ParseCertificateRequest(asked.DER)
	case "crl":
		_, err = x509.ParseRevocationList(asked.DER)
	}
	return err
}

func pool(certificates [][]byte) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range certificates {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(certificate)
		}
	}
	return pool
}

func validate(asked question) error {
	leaf, err := x509.ParseCertificate(asked.Leaf)
	if err != nil {
		return err
	}
	usage := x509.ExtKeyUsageAny
	switch asked.Purpose {
	case "serverAuth":
		usage = x509.ExtKeyUsageServerAuth
	case "clientAuth":
		usage = x509.ExtKeyUsageClientAuth
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		DNSName:       asked.Name,
		Roots:         pool(asked.Anchors),
		Intermediates: pool(asked.Intermediates),
		CurrentTime:   asked.Time,
		KeyUsages:     []x509.ExtKeyUsage{usage},
	})
	return err
}
