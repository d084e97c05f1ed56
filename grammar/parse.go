package grammar

// Parse reads one file. It returns a tree always, with what could be read, and the errors in the order of the text, at
// most one for each line.
func Parse(filename string, src []byte) (*File, []Error) {
	return &File{Name: filename}, nil
}
