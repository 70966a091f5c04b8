module mayfly.dev/test/conformance/peers/go

go 1.21
