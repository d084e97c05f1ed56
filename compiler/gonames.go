package compiler

// The Go names that come of a declaration. Whoever needs one asks here: the phase that
// looks for names that meet as well as those that use them. Those of codecs are in ir.

// row is the variable with the declaration's row.
func row(s *symbol) string { return "mp" + s.goName }

// methodsName is the variable with the methods of a service, and clientName the type
// that calls them.
func methodsName(s *symbol) string { return row(s) + "Methods" }
func clientName(s *symbol) string  { return row(s) + "Client" }

// starterName is the function that makes the port of those who start a process.
func starterName(s *symbol) string { return row(s) + "Starter" }

// portsName is the type of what a process, a pool or a service reaches.
func portsName(s *symbol) string { return s.goName + portsSuffix }

const portsSuffix = "Ports"

// taskName is the type of the parameters of a pool that has several.
func taskName(s *symbol) string { return s.goName + taskSuffix }

const taskSuffix = "Task"

// handlerName is the function that a declaration calls if it is not bound to another.
func handlerName(s *symbol) string {
	if s.kind == "service" {
		return "open" + s.goName
	}
	return s.name.Text
}
