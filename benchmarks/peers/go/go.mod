module mayfly.dev/benchmarks/peers/go

go 1.23
