module github.com/nomad-bridge/nomad-bridge/test/interpolation-oracle

go 1.25.0

require (
	github.com/hashicorp/hcl/v2 v2.20.1
	github.com/nomad-bridge/nomad-bridge/launcher v0.0.0
	github.com/zclconf/go-cty v1.16.2
)

require (
	github.com/agext/levenshtein v1.2.1 // indirect
	github.com/apparentlymart/go-textseg/v15 v15.0.0 // indirect
	github.com/mitchellh/go-wordwrap v0.0.0-20150314170334-ad45545899c7 // indirect
	golang.org/x/mod v0.8.0 // indirect
	golang.org/x/sys v0.5.0 // indirect
	golang.org/x/text v0.11.0 // indirect
	golang.org/x/tools v0.6.0 // indirect
)

replace github.com/nomad-bridge/nomad-bridge/launcher => ../../launcher
