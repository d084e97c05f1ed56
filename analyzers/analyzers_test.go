package analyzers

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// Each package of testdata is for one of the analyzers, with a stand-in for package mp, and no other may find anything in
// it. All packages are loaded at once, since that is what takes the time.
func TestAnalyzersFindWhatTheyShould(t *testing.T) {
	every := &analysis.Analyzer{Name: "every", Doc: "runs all", Run: func(pass *analysis.Pass) (any, error) {
		for _, a := range All {
			one := *pass
			one.Analyzer = a
			if _, err := a.Run(&one); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}}
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), every, "handlers", "locks", "leases", "numbers", "late", "never", "library", "waits")
}

func TestEachAnalyzerIsDescribed(t *testing.T) {
	require.NoError(t, analysis.Validate(All))
	for _, a := range All {
		require.Regexp(t, `^mp[a-z]+$`, a.Name)
		require.Regexp(t, `^find [^\n]+[^.]\n\n[A-Z]`, a.Doc)
		require.Empty(t, a.Requires, "the test runs them by themselves")
	}
}
