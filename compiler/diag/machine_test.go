package diag

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONKeepsEveryPart(t *testing.T) {
	d := New("MP0103", Span{File: "a.mp", Start: Pos{20, 3, 7}, End: Pos{24, 3, 11}}, "queue <%s> is not declared", "jbos").
		WithLabel("here").WithRelated(span("b.mp", 1, 2, 3), "there").WithHelp("do").
		WithFix("mend it", Edit{Span{File: "a.mp", Start: Pos{20, 3, 7}, End: Pos{24, 3, 11}}, "jobs"})
	var b bytes.Buffer
	require.NoError(t, JSON(&b, []Diagnostic{d}))
	require.JSONEq(t, `[{"code":"MP0103","severity":"error","message":"queue <jbos> is not declared",
		"span":{"file":"a.mp","start":{"offset":20,"line":3,"column":7},"end":{"offset":24,"line":3,"column":11}},
		"label":"here","help":"do","fixes":[{"message":"mend it","edits":[{"new":"jobs",
		"span":{"file":"a.mp","start":{"offset":20,"line":3,"column":7},"end":{"offset":24,"line":3,"column":11}}}]}],"related":[{"label":"there",
		"span":{"file":"b.mp","start":{"offset":0,"line":1,"column":2},"end":{"offset":0,"line":1,"column":3}}}]}]`, b.String())
	require.Contains(t, b.String(), "<jbos>")
}

func TestJSONOfNoFindingsIsAnEmptyArray(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, JSON(&b, nil))
	require.Equal(t, "[]\n", b.String())
}

func TestGitHubEscapesWhatWouldEndACommand(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, GitHub(&b, []Diagnostic{
		New("MP0103", span("a,b:c.mp", 3, 7, 11), "100%% wrong").WithHelp("stop").WithRelated(span("d.mp", 1, 2, 3), "there"),
		New("MP0200", Span{File: "mpgen.go"}, "left over").AsWarning(),
	}))
	require.Equal(t, "::error file=a%2Cb%3Ac.mp,line=3,endLine=3,col=7,endColumn=11,title=MP0103::100%25 wrong%0Ad.mp:1:2: there%0Ahelp: stop\n"+
		"::warning file=mpgen.go,title=MP0200::left over\n", b.String())
}

func TestSortOrdersByPlace(t *testing.T) {
	ds := []Diagnostic{
		New("MP2", span("b.mp", 1, 1, 2), "4"), New("MP2", span("a.mp", 2, 5, 6), "3"),
		New("MP2", span("a.mp", 2, 1, 2), "2"), New("MP1", span("a.mp", 2, 1, 2), "1"),
	}
	Sort(ds)
	var got string
	for _, d := range ds {
		got += d.Message
	}
	require.Equal(t, "1234", got)
}

func TestHasErrorsIgnoresWarnings(t *testing.T) {
	require.False(t, HasErrors([]Diagnostic{New("", Span{}, "x").AsWarning()}))
	require.True(t, HasErrors([]Diagnostic{New("", Span{}, "x").AsWarning(), New("", Span{}, "x")}))
}
