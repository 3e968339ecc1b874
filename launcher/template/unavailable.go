// Functions of consul-template that are not defined here, and what to do instead.
package template

import (
	"regexp"
	"strings"
)

const (
	adviceConsul = "there is no Consul behind this task; use the Kubernetes name of the service, or put the value into env " +
		`and read it with {{ env "NAME" }}`
	adviceVault = "there is no Vault behind this task; let a volume of a Kubernetes Secret, or an artifact, bring the secret"
	adviceNomad = "there are no Nomad variables or services behind this task; put the value into env and read it with " +
		`{{ env "NAME" }}, or use the Kubernetes name of the service`
	adviceNever  = "a template never runs programs and writes only its own destination; do it in the task"
	adviceFormat = "YAML and TOML are not spoken here; use parseJSON, toJSON or toJSONPretty: JSON is YAML too"
	adviceOther  = "this one function of consul-template does not exist here; leave it out"
)

// adviceFor is empty for a function that consul-template does not have either.
func adviceFor(err error) string {
	found := regexp.MustCompile(`function "(\w+)" not defined`).FindStringSubmatch(err.Error())
	if found == nil {
		return ""
	}
	name := found[1]
	for names, advice := range map[string]string{
		"byKey byMeta byPort byTag caLeaf caRoots connect datacenters explode exportedServices key keyExists keyExistsGet " +
			"keyOrDefault ls node nodes partitions peerings safeLs safeTree service services tree": adviceConsul,
		"pkiCert secret secrets": adviceVault,
		"nomadService nomadServices nomadVar nomadVarExists nomadVarList nomadVarListSafe": adviceNomad,
		"plugin writeToFile":             adviceNever,
		"parseYAML toYAML toTOML":        adviceFormat,
		"sockaddr spew_dump spew_printf": adviceOther,
		"spew_sdump spew_sprintf":        adviceOther,
	} {
		for _, candidate := range strings.Fields(names) {
			if candidate == name {
				return ": " + advice
			}
		}
	}
	if strings.HasPrefix(name, "sprig_") {
		return ": only the common functions of Sprig exist here; use one of consul-template's own"
	}
	return ""
}
