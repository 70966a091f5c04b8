// A peer of the traffic suite that has nothing of Mayfly's: Go's crypto/tls and net/http over the files of a volume.
//
// peer <directory> <port> <SPIFFE ID of its client> <port of a server> <SPIFFE ID of that server>
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	pause        = 5 * time.Millisecond
	reportPeriod = 200 * time.Millisecond
	limit        = 10 * time.Second
)

// material is one set of files of the volume.
type material struct {
	set   string
	pair  tls.Certificate
	roots *x509.CertPool
}

// load reads one set: what "..data" leads to, not three files that may be of two.
func load(directory string) (*material, error) {
	var err error
	for range 3 {
		// A set that was replaced in between is gone; then there is another.
		var found *material
		if found, err = loadOnce(directory); err == nil {
			return found, nil
		}
	}
	return nil, err
}

func loadOnce(directory string) (*material, error) {
	set, err := filepath.EvalSymlinks(filepath.Join(directory, "..data"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(set, "tls.crt"), filepath.Join(set, "tls.key"))
	if err != nil {
		return nil, err
	}
	bundle, err := os.ReadFile(filepath.Join(set, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("no certificate in %s/ca.crt", set)
	}
	return &material{set, pair, roots}, nil
}

// verify takes a peer for who it is by its SPIFFE ID.
func verify(state tls.ConnectionState, roots *x509.CertPool, usage x509.ExtKeyUsage, id string) error {
	leaf := state.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}}
	if _, err := leaf.Verify(options); err != nil {
		return err
	}
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != id {
		return fmt.Errorf("the peer is %v, not %s", leaf.URIs, id)
	}
	return nil
}

// serial is written as Node.js does: in whole octets.
func serial(number *big.Int) string {
	return fmt.Sprintf("%x", number.Bytes())
}

func serve(directory, port, client string) error {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			current, err := load(directory)
			if err != nil {
				return nil, err
			}
			return &tls.Config{
				MinVersion:   tls.VersionTLS13,
				Certificates: []tls.Certificate{current.pair},
				ClientAuth:   tls.RequireAnyClientCert,
				// Whoever resumes a session is verified by what was trusted then.
				SessionTicketsDisabled: true,
				VerifyConnection: func(state tls.ConnectionState) error {
					return verify(state, current.roots, x509.ExtKeyUsageClientAuth, client)
				},
			}, nil
		},
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:"+port, config)
	if err != nil {
		return err
	}
	say(map[string]any{"type": "listening"})
	handler := http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		// So that each request is of peers that were verified by what is trusted now.
		response.Header().Set("Connection", "close")
		fmt.Fprint(response, serial(request.TLS.PeerCertificates[0].SerialNumber))
	})
	return (&http.Server{Handler: handler}).Serve(listener)
}

// report is what happened since the last one.
type report struct {
	Type     string   `json:"type"`
	Requests int      `json:"requests"`
	Answers  int      `json:"answers"`
	Failures []string `json:"failures"`
	Pairs    []string `json:"pairs"`
}

var (
	mutex   sync.Mutex
	current = report{Type: "report", Failures: []string{}, Pairs: []string{}}
)

func note(change func()) {
	mutex.Lock()
	defer mutex.Unlock()
	change()
}

func say(line any) {
	text, _ := json.Marshal(line)
	fmt.Fprintln(os.Stderr, string(text))
}

// ask asks once: with a connection of its own, or with one that is kept as long as the files stay as they are.
func ask(transport *http.Transport, address string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/", nil)
	if err != nil {
		return "", err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("answered %d", response.StatusCode)
	}
	return string(body) + " " + serial(response.TLS.PeerCertificates[0].SerialNumber), nil
}

func repeat(directory, address, server string, keep bool) {
	transport := &http.Transport{
		DisableKeepAlives: !keep,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			files, err := load(directory)
			if err != nil {
				return nil, err
			}
			dialer := tls.Dialer{Config: &tls.Config{
				MinVersion:   tls.VersionTLS13,
				Certificates: []tls.Certificate{files.pair},
				// There is no name to compare: VerifyConnection does all that this leaves out, and compares the SPIFFE ID.
				InsecureSkipVerify: true,
				VerifyConnection: func(state tls.ConnectionState) error {
					return verify(state, files.roots, x509.ExtKeyUsageServerAuth, server)
				},
			}}
			return dialer.DialContext(ctx, network, address)
		},
	}
	used := ""
	for {
		if set, err := filepath.EvalSymlinks(filepath.Join(directory, "..data")); err == nil && set != used {
			transport.CloseIdleConnections()
			used = set
		}
		note(func() { current.Requests++ })
		pair, err := ask(transport, address)
		note(func() {
			if err != nil {
				current.Failures = append(current.Failures, err.Error())
				return
			}
			current.Answers++
			if !slices.Contains(current.Pairs, pair) {
				current.Pairs = append(current.Pairs, pair)
			}
		})
		time.Sleep(pause)
	}
}

func main() {
	directory, port, client, target, server := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	for _, keep := range []bool{true, false} {
		go repeat(directory, "127.0.0.1:"+target, server, keep)
	}
	go func() {
		for range time.Tick(reportPeriod) {
			note(func() {
				say(current)
				current = report{Type: "report", Failures: []string{}, Pairs: []string{}}
			})
		}
	}()
	fmt.Fprintln(os.Stderr, serve(directory, port, client))
	os.Exit(1)
}
