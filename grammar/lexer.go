package grammar

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// goKeywords can be no name, as every name of a .mp file becomes a name in Go.
const goKeywords = ` break case chan const continue default defer else fallthrough for func go goto ` +
	`if import interface map package range return select struct switch type var `

// rules cut the text into raw tokens; the first that matches counts. The last one takes what no other does, so that
// cutting never fails.
var rules = lexer.MustSimple([]lexer.SimpleRule{
	{Name: "Space", Pattern: `[ \t\r\n]+`},
	{Name: "Ident", Pattern: `[\pL_][\pL\p{Nd}_]*`},
	{Name: "Sign", Pattern: `[(){}\[\],;=.*]`},
	{Name: "Number", Pattern: `[0-9][\pL\pN_.]*`},
	{Name: "Comment", Pattern: `//[^\n]*`}, // apart from the other form, as that one needs a slower way of matching
	{Name: "BlockComment", Pattern: `/\*(?:[^*]|\*+[^*/])*\*+/`},
	{Name: "OpenComment", Pattern: `/\*(?s:.*)`},
	{Name: "String", Pattern: "\"(?:\\\\[^\\n]|[^\"\\\\\\n])*\"|`[^`]*`"},
	{Name: "OpenString", Pattern: "\"[^\\n]*|`(?s:.*)"},
	{Name: "Arrow", Pattern: `->`},
	{Name: "Illegal", Pattern: `.`},
})

// The kinds of tokens. Those that are elided are not seen by the parser, but they keep the end of the token before them
// exact.
var (
	symbols = rules.Symbols()

	tokSpace       = symbols["Space"]   // elided
	tokComment     = symbols["Comment"] // elided; of both forms, as scan returns them
	tokBlock       = symbols["BlockComment"]
	tokOpenComment = symbols["OpenComment"] // elided
	tokString      = symbols["String"]
	tokOpenString  = symbols["OpenString"]
	tokNumber      = symbols["Number"]
	tokIdent       = symbols["Ident"]
	tokArrow       = symbols["Arrow"]
	tokSign        = symbols["Sign"]
	tokIllegal     = symbols["Illegal"]

	tokSemi    = lexer.TokenType(-1000) // a ";" as written, or an inserted one with the value "\n"
	tokKeyword = lexer.TokenType(-1001) // one of goKeywords
	tokClosing = lexer.TokenType(-1002) // a "}" that recovery put in
	tokSkipped = lexer.TokenType(-1003) // elided: a token that recovery took out
)

// source is participle's view of the lexer.
type source struct{}

// Symbols returns the kinds of tokens by name, as field tags use them.
func (source) Symbols() map[string]lexer.TokenType {
	all := map[string]lexer.TokenType{"Semi": tokSemi, "Keyword": tokKeyword, "Skipped": tokSkipped}
	for name, t := range symbols {
		all[name] = t
	}
	return all
}

// Lex cuts the text of r into tokens; it fails only where reading r does.
func (source) Lex(filename string, r io.Reader) (lexer.Lexer, error) {
	src, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	toks, _ := scan(filename, src)
	return &list{toks}, nil
}

// list hands out tokens that were cut before.
type list struct{ toks []lexer.Token }

// Next returns the next token, and the last one, EOF, for ever.
func (l *list) Next() (lexer.Token, error) {
	t := l.toks[0]
	if len(l.toks) > 1 {
		l.toks = l.toks[1:]
	}
	return t, nil
}

// scan cuts src into tokens, EOF at the end, and inserts semicolons. What is no token of the language is reported here
// and repaired, so that the parser does not stumble over it again: an open string counts as a string, an illegal
// character as nothing.
func scan(filename string, src []byte) ([]lexer.Token, []Error) {
	mark := 0
	if bytes.HasPrefix(src, []byte("\uFEFF")) {
		mark = len("\uFEFF")
	}
	lex, err := rules.LexString(filename, string(src[mark:]))
	if err != nil {
		panic(err) // cutting starts without reading
	}
	s := scanner{src: src, end: -1, toks: make([]lexer.Token, 0, len(src)/3)}
	for {
		t, err := lex.Next()
		if err != nil {
			panic(err) // the Illegal rule takes what no other does
		}
		t.Pos.Offset += mark
		s.add(t)
		if t.EOF() {
			return s.toks, s.errs
		}
	}
}

// scanner collects tokens. end is the place behind the last token after which a newline ends the line, or -1.
type scanner struct {
	src  []byte
	toks []lexer.Token
	errs []Error
	end  int
}

func (s *scanner) add(t lexer.Token) {
	if t.Type == tokBlock {
		t.Type = tokComment
	}
	switch {
	case t.EOF():
		s.newline(t)
	case t.Type == tokSpace || t.Type == tokComment:
		if strings.HasPrefix(t.Value, "//") || strings.Contains(t.Value, "\n") {
			s.newline(t)
		}
		if t.Type == tokComment && strings.HasSuffix(t.Value, "\r") {
			t.Value = t.Value[:len(t.Value)-1]
		}
	case t.Type == tokOpenComment:
		s.errs = append(s.errs, Error{Span: first(t, 2), Code: OpenComment,
			Msg: `comment is not closed, want "*/"`, Label: "it runs to the end of the file",
			Help: `write "*/" where it ends, or start each of its lines with //`})
		s.newline(t)
	case t.Type == tokIllegal:
		s.illegal(t)
		return
	default:
		s.token(t)
		return
	}
	s.toks = append(s.toks, t)
}

// token adds what the parser sees.
func (s *scanner) token(t lexer.Token) {
	ends := true
	var space lexer.Token
	switch {
	case t.Type == tokOpenString:
		space = s.openString(&t)
	case t.Value == ";":
		t.Type, ends = tokSemi, false
	case t.Type == tokIdent && strings.Contains(goKeywords, " "+t.Value+" "):
		t.Type = tokKeyword
		ends = !strings.Contains(" func import map package struct ", " "+t.Value+" ")
	case t.Type == tokSign:
		ends = strings.Contains(")]}", t.Value)
	case t.Type == tokArrow:
		ends = false
	}
	s.toks = append(s.toks, t)
	s.end = -1
	if ends {
		s.end = len(s.toks)
	}
	if space.Value != "" {
		s.add(space)
	}
}

// newline ends the line where one can end, with a semicolon right behind its last token. next is the token that the
// scanner is about to add.
func (s *scanner) newline(next lexer.Token) {
	if s.end < 0 {
		return
	}
	semi := lexer.Token{Type: tokSemi, Value: "\n", Pos: next.Pos}
	tail := len(s.toks) - s.end
	if tail > 0 {
		semi.Pos = s.toks[s.end].Pos
	}
	s.toks = append(s.toks, semi)
	copy(s.toks[s.end+1:], s.toks[s.end:])
	s.toks[s.end] = semi
	s.end = -1
}

// openString makes a string of one that is not closed, and returns the space at its end, which is no part of it.
func (s *scanner) openString(t *lexer.Token) lexer.Token {
	quote := t.Value[:1]
	line, _, _ := strings.Cut(t.Value, "\n")
	line = strings.TrimRight(line, " \t\r")
	e := Error{Span: first(*t, len(line)), Code: OpenString, Msg: "string is not closed, want " + quote + " at its end",
		Help: "a string ends in its line"}
	if quote == "`" {
		e.Help = "write ` where it ends"
	} else if !strings.ContainsAny(line, " \t\\;)}") {
		e.Fixes = []Fix{{"close it", []Edit{{Span{e.EndPos, e.EndPos}, quote}}}}
	}
	s.errs = append(s.errs, e)
	text := strings.TrimRight(t.Value, " \t\r\n")
	space := lexer.Token{Type: tokSpace, Value: t.Value[len(text):], Pos: t.Pos}
	space.Pos.Advance(text)
	t.Type, t.Value = tokString, text+quote // sound, so that nobody finds the same mistake again
	return space
}

// illegal reports a run of illegal characters once.
func (s *scanner) illegal(t lexer.Token) {
	t.Type = tokSkipped
	if n := len(s.toks); n > 0 && s.toks[n-1].Type == tokSkipped {
		last := &s.errs[len(s.errs)-1]
		last.EndPos = after(t)
	} else {
		r, size := utf8.DecodeRuneInString(t.Value)
		e := Error{Span: Span{t.Pos, after(t)}, Code: IllegalChar, Msg: fmt.Sprintf("illegal character %q", string(r))}
		if r == utf8.RuneError && size == 1 {
			e.Msg = fmt.Sprintf("illegal byte 0x%02x, want text in UTF-8", t.Value[0])
		} else {
			s.foreign(&e, r)
		}
		s.errs = append(s.errs, e)
	}
	s.toks = append(s.toks, t)
}

// foreign says what to write for a character that means something in other languages.
func (s *scanner) foreign(e *Error, r rune) {
	before, _ := utf8.DecodeLastRune(s.src[:e.Pos.Offset])
	behind := string(s.src[e.EndPos.Offset:])
	next, _ := utf8.DecodeRuneInString(behind)
	fix := func(message string, to string) { e.Fixes = []Fix{{message, []Edit{{e.Span, to}}}} }
	line := s.src[bytes.LastIndexByte(s.src[:e.Pos.Offset], '\n')+1 : e.Pos.Offset]
	switch {
	case strings.ContainsRune(":/-+.@$~%", r) && inEnv.Match(line):
		e.Help = `each variable is a string with "=" in it: env "TZ=UTC", "LANG=C"`
		if r == ':' {
			fix(change(e.Span, ":", "=").Message, "=")
		}
	case r == ':':
		e.Help = `a name and its type, or a key and its value, have only a space between them, as in "capacity 1024"`
		to := " "
		if unicode.IsSpace(next) {
			to = ""
		}
		fix(`remove ":"`, to)
	case strings.ContainsRune("“”„‘’'", r):
		e.Help = `strings are written in " quotes`
		if end := strings.IndexAny(behind, "\n“”„‘’'"); end > 0 && behind[end] != '\n' {
			text := behind[:end]
			_, size := utf8.DecodeRuneInString(behind[end:])
			close := first(lexer.Token{Pos: e.EndPos, Value: behind}, end)
			last := first(lexer.Token{Pos: close.EndPos, Value: behind[end:]}, size)
			e.Fixes = []Fix{{"write \"" + text + "\"", []Edit{{e.Span, `"`}, {last, `"`}}}}
		}
	case r == '#':
		e.Help = "comments start with //"
		if len(bytes.TrimSpace(line)) == 0 {
			fix(change(e.Span, "#", "//").Message, "//")
		}
	case r == '-' && next == ' ' && strings.HasPrefix(strings.TrimSpace(behind), ">"):
		e.Help = `an arrow is "->"`
	case r == '-' && unicode.IsLetter(before) && unicode.IsLetter(next):
		noLetter := func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
		front := string(s.src[bytes.LastIndexFunc(s.src[:e.Pos.Offset], noLetter)+1 : e.Pos.Offset])
		back, _, _ := strings.Cut(behind+" ", string(strings.TrimLeftFunc(behind+" ", func(r rune) bool { return !noLetter(r) })))
		to := string(unicode.ToUpper(next))
		if front+"_"+back == "on_failure" { // the one word of the language that has two
			to = "_" + string(next)
		}
		whole := front + to + back[utf8.RuneLen(next):]
		e.Help = fmt.Sprintf(`names have no "-" in them; write %q`, whole)
		at := e.Span
		at.EndPos.Advance(string(next))
		e.Fixes = []Fix{{fmt.Sprintf("change %q to %q", front+"-"+back, whole), []Edit{{at, to}}}}
	case r == '-' || r == '+':
		e.Help = `numbers have no sign, and an arrow is "->"`
		if unicode.IsDigit(next) {
			e.Help = "numbers have no sign"
			front := strings.Fields(string(s.src[:e.Pos.Offset]))
			if len(front) > 0 {
				e.Help += noSign[front[len(front)-1]]
			}
		}
	case r == '<' && next == '-':
		e.Help = `the arrow of a flow points the way that the items go: FROM -> TO`
	case r == '<' || r == '>' && before != '=':
		e.Help = "a list is written []T, and a map map[K]V; no other type takes types but failed[T]"
	case r == '>':
		e.Help = `an arrow is "->"`
		e.Pos.Offset, e.Pos.Column = e.Pos.Offset-1, e.Pos.Column-1
		e.Msg = `illegal sign "=>"`
		fix(change(e.Span, "=>", "->").Message, "->")
	case r == '|':
		e.Help = `the parts of a flow have "->" between them`
	case r == '?':
		e.Help = "a value that may be missing is a pointer, as in *string"
	case r == '/':
		e.Help = `comments start with //, and the paths of imports stand in " quotes`
	case r == '@':
		e.Help = "there are no annotations; settings stand in the block of a declaration"
	}
}

// inEnv is a line up to a variable in an env.
var inEnv = regexp.MustCompile(`\benv\b[^;}]*$`)

// noSign is what is meant by a number below zero, by the setting before it.
var noSign = map[string]string{
	"workers": "; without workers there are as many as there are processors",
	"n_jobs":  "; write workers and their number, or nothing for as many as there are processors",
	"nice":    "; a process can step back for others only, by 1 to 19",
	"timeout": "; without timeout there is none",
}

// first is the span of the first n bytes of a token, all in one line.
func first(t lexer.Token, n int) Span {
	end := t.Pos
	end.Offset += n
	end.Column += utf8.RuneCountInString(t.Value[:n])
	return Span{t.Pos, end}
}

// after is the place behind a token as it was cut.
func after(t lexer.Token) Pos {
	end := t.Pos
	end.Advance(t.Value)
	return end
}

// elided reports whether the parser does not see the token.
func elided(t lexer.Token) bool {
	switch t.Type {
	case tokSpace, tokComment, tokOpenComment, tokSkipped:
		return true
	}
	return false
}
