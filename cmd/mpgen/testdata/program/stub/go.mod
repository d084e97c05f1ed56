module github.com/mpgen/mpgen

go 1.26
