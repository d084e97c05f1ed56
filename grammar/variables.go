package grammar

import (
	"strconv"
	"strings"
)

// variables is about env, whose variables are strings, written as they are nowhere else: people write them as in a shell,
// as fields, or as a map.
func (p *place) variables(e *Error) bool {
	if p.block < 0 {
		return false
	}
	from, to := p.item(p.block, p.at)
	key := p.visible(from)
	if owner := p.parser.before(p.block); p.isEnv(owner) && owner > p.start {
		key, to = owner, p.match[p.block]+1
	}
	if key >= p.at || !p.isEnv(key) {
		return false
	}
	var parts []int
	plain := true // no comment would be lost
	for i := key + 1; i < to && p.toks[i].Type != tokSemi; i++ {
		if !elided(p.toks[i]) {
			parts = append(parts, i)
		} else if p.toks[i].Type != tokSpace {
			plain = false
		}
	}
	if len(parts) == 0 {
		return false
	}
	last := parts[len(parts)-1]
	texts, certain := p.readVariables(parts)
	if len(texts) == 0 {
		if p.t.Type == tokIdent {
			return false // perhaps another setting
		}
		e.Help = `each variable is a string, and they have "," between them: env "TZ=UTC", "LANG=C"`
		return true
	}
	list := " " + strings.Join(texts, ", ")
	e.Help = `each variable is a string, and they have "," between them: env` + list
	if certain && plain {
		e.Fixes = []Fix{{"write env" + list, []Edit{{Span{p.end(key), p.end(last)}, list}}}}
	}
	return true
}

func (p *place) isEnv(i int) bool { return p.toks[i].Type == tokIdent && p.toks[i].Value == "env" }

// readVariables reads tokens as variables and gives the strings to write for them, none if they are something else. It is
// certain if each has its "=", or a string behind its name.
func (p *place) readVariables(parts []int) (texts []string, certain bool) {
	at := func(i int) string {
		if i >= len(parts) {
			return ""
		}
		return p.toks[parts[i]].Value
	}
	i, n := 0, len(parts)
	if at(i) == "=" {
		i++
	}
	if i < n && strings.Contains("([{", at(i)) && p.match[parts[i]] == parts[n-1] {
		i, n, parts = i+1, n-1, parts[:n-1]
	}
	certain = true
	for i < n {
		name, ok := p.textOf(parts[i])
		isText := p.toks[parts[i]].Type == tokString
		i++
		switch {
		case !ok:
			return nil, false
		case isText && strings.Contains(name, "="):
		case i < n:
			sign := at(i) == "="
			if sign {
				i++
			}
			if i >= n || !sign && !isText && name != strings.ToUpper(name) {
				return nil, false
			}
			value, ok := p.textOf(parts[i])
			if !ok {
				return nil, false
			}
			certain = certain && (sign || p.toks[parts[i]].Type == tokString)
			name += "=" + value
			i++
		default:
			return nil, false
		}
		texts = append(texts, strconv.Quote(name))
		if at(i) == "," {
			i++
		}
	}
	return texts, certain
}

// textOf is the text of a name, number or string.
func (p *place) textOf(i int) (string, bool) {
	switch t := p.toks[i]; t.Type {
	case tokIdent, tokNumber:
		return t.Value, true
	case tokString:
		s, err := strconv.Unquote(t.Value)
		return s, err == nil
	}
	return "", false
}
