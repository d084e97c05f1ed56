package mp

// Remote is an error that a function returned in another process. Its text
// crosses as it is; errors.Is finds in it the context errors, the standard
// sentinels, and every error given to KeepErrors.
type Remote struct {
	Text string
	kept []error
}

// Error returns the text.
func (r *Remote) Error() string { return r.Text }

// Unwrap returns the errors that kept their identity.
func (r *Remote) Unwrap() []error { return r.kept }

// KeepErrors makes sentinel errors known by errors.Is after they crossed from
// one process to another.
func KeepErrors(errs ...error) {}

// remote is err as it will arrive.
func remote(err error) *Remote { return nil }

func putError(e *Encoder, err error) {}
func getError(d *Decoder) error      { return nil }
