package mp

// MinVersion and MaxVersion are the oldest and the newest form of generated
// code that this runtime can run. Each generated file holds
//
//	const (
//		_ = mp.EnforceVersion(1 - mp.MinVersion) // the runtime still knows this code
//		_ = mp.EnforceVersion(mp.MaxVersion - 1) // the runtime is new enough for it
//	)
//
// with the number of its own form, so that code and runtime that do not fit
// fail to compile instead of failing to understand each other at run time.
const (
	MinVersion = 1
	MaxVersion = 1
)

// EnforceVersion is a type that no negative constant converts to.
type EnforceVersion uint
