package draw

import "encoding/json"

// JSON is the graph for programs: an object as Graph has it.
func (g *Graph) JSON() []byte {
	text, err := json.MarshalIndent(g, "", "\t")
	if err != nil {
		panic(err) // there are but texts and numbers in it
	}
	return append(text, '\n')
}
