module mayfly.dev/test/peer

go 1.26
