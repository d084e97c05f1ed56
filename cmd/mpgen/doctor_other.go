//go:build !linux

package main

// system says that there is nothing to look at.
func system() []look {
	return []look{{Name: "system", State: broken, Found: platform(),
		Means: "processes need Linux on amd64 or arm64; everything builds here, and the other engines work",
		Do:    "start programs with MP_ENGINE=goroutines, or in a container or virtual machine with Linux"}}
}
