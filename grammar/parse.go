package grammar

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// MaxDepth bounds how deep types and blocks may be nested; nobody reads deeper ones, and each level costs stack.
const MaxDepth = 32

// Bounds on the work for a file that is not .mp at all, as each error costs a new parse of its declaration.
const (
	maxErrors     = 200 // of a file; the rest of it is not read
	maxLineErrors = 20  // of a declaration; the rest of it is left out
)

// sourceFile is the whole grammar, from which the parsers for its parts are taken.
type sourceFile struct {
	Package packageLine  `parser:"@@"`
	Imports []importLine `parser:"@@*"`
	Decls   []declLine   `parser:"@@*"`
}

type packageLine struct {
	Node *Package `parser:"@@ Semi"`
}

type importLine struct {
	Node *Import `parser:"@@ Semi"`
}

type declLine struct {
	Node Decl `parser:"@@ Semi"`
}

// production parses one line of the top level.
type production func(lex *lexer.PeekingLexer) (Node, error)

type productions struct {
	ebnf                    string
	packages, imports, decl production
}

// build makes the parsers on first use, as it takes milliseconds that a program which never parses should not spend.
var build = sync.OnceValue(func() productions {
	whole := participle.MustBuild[sourceFile](
		participle.Lexer(source{}),
		participle.Elide("Space", "Comment", "OpenComment", "Skipped"),
		participle.UseLookahead(0),
		participle.Union[Decl](&Struct{}, &Enum{}, &Typed{}, &Plain{}, &Process{}, &Pool{}, &Service{}, &Flow{}, &Sandbox{}),
		participle.Union[Item](&Method{}, &Setting{}),
		participle.Union[Type](&NamedType{}, &ArrayType{}, &MapType{}, &PointerType{}),
	)
	return productions{
		ebnf:     whole.String(),
		packages: part(whole, func(l *packageLine) Node { return l.Node }),
		imports:  part(whole, func(l *importLine) Node { return l.Node }),
		decl:     part(whole, func(l *declLine) Node { return l.Node }),
	}
})

func part[P any](whole *participle.Parser[sourceFile], node func(*P) Node) production {
	parser, err := participle.ParserForProduction[P](whole)
	if err != nil {
		panic(err) // the grammar lacks one of its own productions
	}
	return func(lex *lexer.PeekingLexer) (Node, error) {
		line, err := parser.ParseFromLexer(lex, participle.AllowTrailing(true))
		if err != nil {
			return nil, err
		}
		return node(line), nil
	}
}

// EBNF returns the grammar as participle understands it.
func EBNF() string { return build().ebnf }

// Parse reads one file. It returns a tree always, with what could be read, and the errors in the order of the text, at
// most one for each line. A tree that comes with errors is sound in itself, but not all that was written.
func Parse(filename string, src []byte) (*File, []Error) {
	p := parse(filename, src)
	return p.file, p.errs
}

// parse is Parse with the tokens.
func parse(filename string, src []byte) *parser {
	toks, errs := scan(filename, src)
	p := &parser{productions: build(), src: src, file: &File{Name: filename}, lines: map[int]bool{}, cut: math.MaxInt}
	for _, e := range errs {
		p.report(e)
		if e.Code == OpenComment || e.Code == OpenString && src[e.Pos.Offset] == '`' {
			p.cut = e.Pos.Offset
		}
	}
	p.brackets = pair(toks)
	p.swapBack()
	p.openBlocks()
	p.closeBlocks()
	p.tooDeep()
	p.parse()
	attach(p.file, p.toks, p.dropped)
	slices.SortStableFunc(p.errs, func(a, b Error) int { return a.Pos.Offset - b.Pos.Offset })
	// What tokens were cut from was read to its end; it is told as far as the rest is.
	if i := slices.IndexFunc(p.errs, func(e Error) bool { return e.Code == TooManyErrors }); i >= 0 {
		p.errs = p.errs[:i+1]
	}
	return p
}

// parser reads a file declaration by declaration.
type parser struct {
	productions
	src     []byte
	file    *File
	errs    []Error
	lines   map[int]bool // lines that have their error
	dropped []int        // offsets at which an item was taken out
	cut     int          // where a comment or string starts that is not closed, so that what is missing behind means nothing
	brackets

	lex  *lexer.PeekingLexer
	base int // the token that lex starts with
}

// seek makes parsing go on at token i.
func (p *parser) seek(i int) {
	p.base = i
	p.lex = peeking(p.toks[i:])
}

// forward is seek for a token ahead, where none from there on has changed. It reads no token again, so that a file of
// nothing but mistakes takes no longer than its length.
func (p *parser) forward(i int) {
	at := p.base + int(p.lex.RawCursor())
	if i < at {
		p.seek(i)
	} else if i > at {
		p.lex.FastForward(lexer.RawCursor(i - p.base - 1))
	}
}

func peeking(toks []lexer.Token) *lexer.PeekingLexer {
	lex, err := lexer.Upgrade(&list{toks}, tokSpace, tokComment, tokOpenComment, tokSkipped)
	if err != nil {
		panic(err) // a list has no errors
	}
	return lex
}

// here is the token that parsing stands at.
func (p *parser) here() int { return p.visible(p.base + int(p.lex.RawCursor())) }

// visible is the first token from i on that the parser sees, or the last one, EOF.
func (b *brackets) visible(i int) int {
	i = min(i, len(b.toks)-1)
	for elided(b.toks[i]) {
		i++
	}
	return i
}

func (p *parser) parse() {
	f := p.file
	p.seek(0)
	if i := p.here(); p.toks[i].Value == "package" {
		if n, ok := p.line(p.packages, i); ok {
			f.Package = n.(*Package)
		}
	} else {
		e := Error{Span: p.span(i), Code: MissingPackage, Msg: p.found(i) + ", want the package clause",
			Help: `start the file with "package" and the name of its folder's package`}
		if near, sure := Nearest(p.toks[i].Value, []string{"package"}); sure {
			e.Help, e.Fixes = fmt.Sprintf("did you mean %q?", near), []Fix{change(e.Span, p.toks[i].Value, near)}
		}
		p.report(e)
	}
	for len(p.errs) < maxErrors {
		i := p.here()
		t := p.toks[i]
		if t.EOF() {
			break
		}
		parse := p.decl
		switch {
		case t.Value == "import":
			parse = p.imports
			if len(f.Decls)+len(f.Broken) > 0 {
				p.report(p.misplaced(i))
			}
		case t.Value == "package":
			parse = p.packages
			p.report(Error{Span: p.span(i), Code: MisplacedDecl, Msg: "a file has one package clause, in its first line"})
		case !isKeyword(t.Value):
			p.unknown(i)
			if end := p.lineEnd(i, i); p.declares(i) {
				p.drop(i, end) // its name counts as declared
			} else {
				p.skip(i, end)
			}
			continue
		}
		switch n, _ := p.line(parse, i); n := n.(type) {
		case *Import:
			f.Imports = append(f.Imports, n)
		case Decl:
			f.Decls = append(f.Decls, n)
		}
	}
	if len(p.errs) >= maxErrors {
		i := p.here()
		p.errs = append(p.errs, Error{Span: p.span(i), Code: TooManyErrors,
			Msg: fmt.Sprintf("more than %d errors, and the rest of the file was not read", maxErrors)})
	}
	p.bounds()
}

// misplaced is an import behind a declaration, which is to be moved up.
func (p *parser) misplaced(i int) Error {
	e := Error{Span: p.span(i), Code: MisplacedDecl, Msg: "an import stands before all declarations",
		Help: "move it up, below the package clause"}
	f := p.file
	next := p.toks[p.visible(min(i+1, len(p.toks)-1))]
	if f.Package == nil || next.Type != tokString && next.Type != tokIdent && next.Value != "(" {
		return e
	}
	to, gap := f.Package.EndPos, "\n\n"
	first := e.Pos.Offset
	for _, d := range f.Decls {
		first = min(first, d.Range().Pos.Offset)
	}
	for _, d := range f.Broken {
		first = min(first, d.Pos.Offset)
	}
	for _, d := range f.Imports {
		if d.EndPos.Offset < first {
			to, gap = d.EndPos, "\n"
		}
	}
	start, end := p.toks[i].Pos, p.toks[p.lineEnd(i, i)-1].Pos // of the line break
	text := string(p.src[start.Offset:end.Offset])
	if end.Offset < len(p.src) && p.src[end.Offset] == '\n' {
		end.Advance("\n")
	}
	e.Fixes = []Fix{{"move it up", []Edit{{Span{to, to}, gap + text}, {Span{start, end}, ""}}}}
	return e
}

// bounds sets the span of the file: from its first token to behind its last part.
func (p *parser) bounds() {
	start := p.toks[p.visible(0)].Pos
	p.file.Span = Span{start, start}
	for _, n := range children(p.file) {
		r := n.Range()
		if r.Pos.Offset < p.file.Pos.Offset {
			p.file.Pos = r.Pos
		}
		if r.EndPos.Offset > p.file.EndPos.Offset {
			p.file.EndPos = r.EndPos
		}
	}
}

// line parses one line of the top level that starts at token start, taking out what is wrong until the rest goes through.
// It reports false where nothing was left; parsing then goes on behind it.
func (p *parser) line(parse production, start int) (Node, bool) {
	for range maxLineErrors {
		n, err := p.try(parse)
		if err == nil {
			return n, true
		}
		if p.toks[start].Value == "import" {
			p.file.BrokenImports = true
		}
		if !p.recover(parse, start, p.failed(err)) {
			return nil, false
		}
		p.seek(start)
	}
	p.drop(start, p.lineEnd(start, start))
	return nil, false
}

// try is parse with a panic of participle as an error at the place where it was: no text may bring the command down.
func (p *parser) try(parse production) (n Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = nil, fmt.Errorf("%v", r)
		}
	}()
	return parse(p.lex)
}

// failed finds the token that a parse stopped at.
func (p *parser) failed(err error) int {
	var at participle.Error
	if !errors.As(err, &at) {
		return p.here()
	}
	offset := at.Position().Offset
	i := sort.Search(len(p.toks), func(i int) bool { return p.toks[i].Pos.Offset >= offset })
	i = p.visible(min(i, len(p.toks)-1))
	var token *participle.UnexpectedTokenError
	if errors.As(err, &token) {
		for p.toks[i].Type != token.Unexpected.Type && p.toks[i].Pos.Offset == offset && !p.toks[i].EOF() {
			i = p.visible(i + 1)
		}
	}
	return i
}

// report adds an error unless its line has one, as two in a line are mostly one mistake, or there are too many.
func (p *parser) report(e Error) {
	if !p.lines[e.Pos.Line] && e.Pos.Offset < p.cut && len(p.errs) < maxErrors {
		p.lines[e.Pos.Line] = true
		p.errs = append(p.errs, e)
	}
}

const keywords = " struct enum queue pipe value array dict list set lock rlock rwlock semaphore event condition barrier blocks" +
	" process pool service flow sandbox "

// isKeyword reports whether a declaration can start with the word.
func isKeyword(word string) bool { return word != "" && strings.Contains(keywords, " "+word+" ") }
