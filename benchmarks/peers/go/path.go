package main

import (
	"crypto/x509"
	"encoding/json"
)

// Chains of three: what they have in common, and the leaves.
type chains struct {
	Root         []byte
	Intermediate []byte
	Leaves       [][]byte
	DNSName      string
}

// validatePath validates one leaf after the other, from DER, below a root that is parsed once. It returns the leaf.
func validatePath(input []byte) (work, error) {
	var given chains
	if err := json.Unmarshal(input, &given); err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(given.Root)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	next := 0
	return func() (any, error) {
		leaf, err := x509.ParseCertificate(given.Leaves[next%len(given.Leaves)])
		if err != nil {
			return nil, err
		}
		next++
		intermediate, err := x509.ParseCertificate(given.Intermediate)
		if err != nil {
			return nil, err
		}
		intermediates := x509.NewCertPool()
		intermediates.AddCert(intermediate)
		_, err = leaf.Verify(x509.VerifyOptions{
			DNSName:       given.DNSName,
			Roots:         roots,
			Intermediates: intermediates,
			KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		})
		return leaf.Raw, err
	}, nil
}
