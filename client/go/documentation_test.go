package pannier_test

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	pannier "github.com/pannier/pannier/client/go"
)

func documentation(t *testing.T) *doc.Package {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	found, err := doc.NewFromFiles(files, parsed, "github.com/pannier/pannier/client/go")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	found := documentation(t)
	need := func(name, text string) {
		if text == "" {
			t.Errorf("%s has no documentation", name)
		}
	}
	needAll := func(functions []*doc.Func) {
		for _, function := range functions {
			need(function.Recv+" "+function.Name, function.Doc)
		}
	}
	needAll(found.Funcs)
	for _, kind := range found.Types {
		need(kind.Name, kind.Doc)
		needAll(kind.Funcs)
		needAll(kind.Methods)
		needFields(kind, need)
	}
	for _, values := range append(found.Vars, found.Consts...) {
		for _, spec := range values.Decl.Specs {
			value, text := spec.(*ast.ValueSpec), values.Doc
			if values.Decl.Lparen.IsValid() {
				text = value.Doc.Text()
			}
			need(value.Names[0].Name, text)
		}
	}
}

func needFields(kind *doc.Type, need func(name, text string)) {
	structure, ok := kind.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range structure.Fields.List {
		for _, name := range field.Names {
			if name.IsExported() {
				need(kind.Name+"."+name.Name, field.Doc.Text())
			}
		}
	}
}

func TestEveryCallHasAnExample(t *testing.T) {
	for _, kind := range documentation(t).Types {
		if kind.Name != "Store" {
			continue
		}
		for _, method := range kind.Methods {
			arguments := method.Decl.Type.Params.List
			isCall := len(arguments) > 0 && types.ExprString(arguments[0].Type) == "context.Context"
			if isCall && len(method.Examples) == 0 {
				t.Errorf("%s has no example", method.Name)
			}
		}
	}
}

var (
	codeBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```")
	printed   = regexp.MustCompile(`(?m)^\s*// prints: (.*)$`)
)

// The blocks after the first one find these imports, and ctx and store.
const followingBlocks = `package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"time"

	pannier "github.com/pannier/pannier/client/go"
)

var _, _, _, _, _ = errors.Is, fmt.Print, log.Fatal, time.Now, tls.Config{}

func main() {
	ctx := context.Background()
	store, err := pannier.Connect("")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
`

func TestTheReadmeRunsFromTopToBottom(t *testing.T) {
	if sidecarAddress == "" {
		t.Skip(errNoSidecar)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := codeBlock.FindAllSubmatch(readme, -1)
	if len(blocks) < 2 {
		t.Fatalf("the README has %d blocks of code", len(blocks))
	}
	// Examples use the same records.
	open().Close()
	t.Cleanup(func() { open().Close() })
	following := []byte(followingBlocks)
	for _, block := range blocks[1:] {
		following = append(append(append(following, "\n\t{\n"...), block[1]...), "\t}\n"...)
	}
	for _, program := range [][]byte{blocks[0][1], append(following, "}\n"...)} {
		if got, want := run(t, program), wantPrinted(program); got != want {
			t.Errorf("a program of the README prints\n%s\nnot\n%s", got, want)
		}
	}
}

func wantPrinted(program []byte) string {
	var lines bytes.Buffer
	for _, line := range printed.FindAllSubmatch(program, -1) {
		lines.Write(append(line[1], '\n'))
	}
	return lines.String()
}

// run returns what a program prints that finds the sidecar by the environment.
func run(t *testing.T, program []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, program, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", "run", file)
	command.Env = append(os.Environ(), pannier.AddressVariable+"="+sidecarAddress)
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		t.Fatalf("a program of the README fails: %v\n%s", err, problems.String())
	}
	return string(output)
}
