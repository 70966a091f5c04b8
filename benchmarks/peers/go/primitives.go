package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"fmt"
)

// A signature or a hash: keys as PKCS#8 and SubjectPublicKeyInfo.
type primitive struct {
	// P-256, P-384, Ed25519, SHA-256 or SHA-512.
	Algorithm string
	Key       []byte
	PublicKey []byte
	Message   []byte
	Signature []byte
}

func readPrimitive(text []byte) (*primitive, error) {
	p := &primitive{}
	return p, json.Unmarshal(text, p)
}

// What is signed under an algorithm: the digest, or for Ed25519 the message.
func (p *primitive) digest() []byte {
	switch p.Algorithm {
	case "P-256":
		digest := sha256.Sum256(p.Message)
		return digest[:]
	case "P-384":
		digest := sha512.Sum384(p.Message)
		return digest[:]
	}
	return p.Message
}

func sign(text []byte) (work, error) {
	p, err := readPrimitive(text)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(p.Key)
	if err != nil {
		return nil, err
	}
	options := map[string]crypto.Hash{"P-256": crypto.SHA256, "P-384": crypto.SHA384}[p.Algorithm]
	signer := key.(crypto.Signer)
	return func() (any, error) { return signer.Sign(rand.Reader, p.digest(), options) }, nil
}

func verify(text []byte) (work, error) {
	p, err := readPrimitive(text)
	if err != nil {
		return nil, err
	}
	found, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if err != nil {
		return nil, err
	}
	switch key := found.(type) {
	case *ecdsa.PublicKey:
		return func() (any, error) { return ecdsa.VerifyASN1(key, p.digest(), p.Signature), nil }, nil
	case ed25519.PublicKey:
		return func() (any, error) { return ed25519.Verify(key, p.Message, p.Signature), nil }, nil
	}
	return nil, fmt.Errorf("cannot verify with a key of %T", found)
}

func hash(text []byte) (work, error) {
	p, err := readPrimitive(text)
	if err != nil {
		return nil, err
	}
	switch p.Algorithm {
	case "SHA-256":
		return func() (any, error) { digest := sha256.Sum256(p.Message); return digest[:], nil }, nil
	case "SHA-512":
		return func() (any, error) { digest := sha512.Sum512(p.Message); return digest[:], nil }, nil
	}
	return nil, fmt.Errorf("cannot hash with %q", p.Algorithm)
}
