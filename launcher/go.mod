module github.com/nomad-bridge/nomad-bridge/launcher

go 1.24
