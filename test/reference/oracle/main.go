// Command oracle answers what distribution/reference says of image references: one JSON string a line in, one JSON
// object a line out.
package main

import (
	"bufio"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"log"
	"os"

	"github.com/distribution/reference"
)

type answer struct {
	OK     bool   `json:"ok"`
	Domain string `json:"domain"`
	Path   string `json:"path"`
	Tag    string `json:"tag"`
	Digest string `json:"digest"`
}

func ask(text string) answer {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return answer{}
	}
	said := answer{OK: true, Domain: reference.Domain(named), Path: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		said.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		said.Digest = digested.Digest().String()
	}
	return said
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16*1024*1024)
	out := bufio.NewWriter(os.Stdout)
	answers := json.NewEncoder(out)
	for in.Scan() {
		var text string
		if err := json.Unmarshal(in.Bytes(), &text); err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(ask(text)); err != nil {
			log.Fatal(err)
		}
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
