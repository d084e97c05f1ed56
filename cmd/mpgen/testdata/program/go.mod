module example.com/program

go 1.26

require github.com/mpgen/mpgen v0.0.0

replace github.com/mpgen/mpgen => ./stub
