// Command peer does jobs of the benchmarks with Go's standard library, in slots that the benchmarks ask for.
//
//	peer <job>
//
// The first line of standard input is what the job works on, as JSON; each line after it a number of milliseconds. For each
// number one line of JSON comes back: nanoseconds of a run, sample by sample. 0 asks for what one run makes, octets in base64.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// A job takes its input once and returns what does it once.
type job func(input []byte) (work, error)

type work func() (any, error)

var jobs = map[string]job{
	"parse":      parse,
	"csr":        createRequest,
	"verify-csr": verifyRequest,
	"issue":      issue,
	"pipeline":   pipeline,
	"path":       validatePath,
	"sign":       sign,
	"verify":     verify,
	"hash":       hash,
}

// Shortest time of a sample: quicker jobs are done several times for one.
const shortestSample = 50 * time.Microsecond

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 || jobs[arguments[0]] == nil {
		return fmt.Errorf("cannot run %q: need one of %v", arguments, slices.Sorted(maps.Keys(jobs)))
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		return fmt.Errorf("cannot run %s: no input", arguments[0])
	}
	once, err := jobs[arguments[0]](lines.Bytes())
	if err != nil {
		return err
	}
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var milliseconds float64
		if err := json.Unmarshal(lines.Bytes(), &milliseconds); err != nil {
			return fmt.Errorf("cannot read the length of a slot: %w", err)
		}
		var answer any
		if milliseconds == 0 {
			answer, err = once()
		} else {
			answer, err = slot(once, time.Duration(milliseconds*float64(time.Millisecond)))
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Runs the job until the slot is over, at least once.
func slot(once work, length time.Duration) ([]float64, error) {
	samples := []float64{}
	for start := time.Now(); len(samples) == 0 || time.Since(start) < length; {
		begun := time.Now()
		runs := 0
		for runs == 0 || time.Since(begun) < shortestSample {
			if _, err := once(); err != nil {
				return nil, err
			}
			runs++
		}
		samples = append(samples, float64(time.Since(begun).Nanoseconds())/float64(runs))
	}
	return samples, nil
}
