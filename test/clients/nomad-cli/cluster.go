// Nodes, servers, namespaces, services and the rest of reference commands.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/nomad/api/contexts"
)

var clusterSequences = map[string]sequence{
	"node status":         nodeStatus,
	"node drain":          nodeDrain,
	"node eligibility":    nodeEligibility,
	"server members":      serverMembers,
	"agent-info":          agentInfo,
	"namespace list":      namespaceList,
	"namespace status":    namespaceStatus,
	"status":              status,
	"operator api":        operatorAPI,
	"system gc":           systemGC,
	"version":             version,
	"service list":        serviceList,
	"service info":        serviceInfo,
	"scaling policy list": scalingPolicyList,
	"volume status":       volumeStatus,
	"var list":            varList,
}

func nodeStatus(s *session) (int, error) {
	if s.has("self") {
		self, err := s.client.Agent().Self()
		if err != nil {
			return exitFailed, err
		}
		client, isClient := self.Stats["client"]
		if !isClient {
			return exitFailed, fmt.Errorf("Nomad not running in client mode")
		}
		s.args = []string{client["node_id"]}
		s.needs("stats.client.node_id", s.arg(0) != "")
	}
	if s.arg(0) == "" {
		nodes, _, err := s.client.Nodes().List(&api.QueryOptions{Filter: s.flags["filter"]})
		s.saw["nodes"] = len(nodes)
		return exitOK, err
	}
	node, err := s.node(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	s.needs("NodeResources", node.NodeResources != nil)
	s.needs("ReservedResources", node.ReservedResources != nil)
	s.saw["status"], s.saw["eligibility"] = node.Status, node.SchedulingEligibility
	allocs, _, err := s.client.Nodes().Allocations(node.ID, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error querying node allocations: %w", err)
	}
	s.saw["allocations"] = len(allocs)
	stats, err := s.client.Nodes().Stats(node.ID, nil)
	s.notes("Error fetching stats", err)
	s.saw["stats"] = err == nil && stats.Memory != nil
	for _, alloc := range allocs {
		s.readNodeAllocation(alloc)
	}
	s.hints()
	return exitOK, nil
}

func (s *session) readNodeAllocation(alloc *api.Allocation) {
	isWhole := alloc.Resources != nil && alloc.Resources.CPU != nil && alloc.Resources.MemoryMB != nil && alloc.Resources.DiskMB != nil
	s.needs("Resources of allocation", isWhole)
	if alloc.ClientStatus != api.AllocClientStatusRunning {
		return
	}
	_, err := s.client.Allocations().Stats(alloc, nil)
	s.notes("stats of allocations", err)
}

func (s *session) node(prefix string) (*api.Node, error) {
	nodes, _, err := s.client.Nodes().PrefixList(evenPrefix(prefix))
	if err != nil {
		return nil, fmt.Errorf("Error querying node: %w", err)
	}
	if len(nodes) == 0 {
		return nil, notFound("node", prefix)
	}
	if len(nodes) > 1 {
		ids := make([]string, len(nodes))
		for at, node := range nodes {
			ids[at] = node.ID
		}
		return nil, manyFound("node", ids)
	}
	node, _, err := s.client.Nodes().Info(nodes[0].ID, nil)
	return node, err
}

func nodeDrain(s *session) (int, error) {
	node, err := s.node(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	options := &api.DrainOptions{MarkEligible: true}
	if s.has("enable") {
		options = &api.DrainOptions{DrainSpec: &api.DrainSpec{Deadline: time.Hour}}
	}
	_, err = s.client.Nodes().UpdateDrainOpts(node.ID, options, nil)
	return exitOK, err
}

func nodeEligibility(s *session) (int, error) {
	node, err := s.node(s.arg(0))
	if err != nil {
		return exitFailed, err
	}
	_, err = s.client.Nodes().ToggleEligibility(node.ID, s.has("enable"), nil)
	return exitOK, err
}

func serverMembers(s *session) (int, error) {
	members, err := s.client.Agent().Members()
	if err != nil {
		return exitFailed, fmt.Errorf("Error querying servers: %w", err)
	}
	leaders := map[string]string{}
	for _, member := range members.Members {
		region := member.Tags["region"]
		if _, isKnown := leaders[region]; isKnown {
			continue
		}
		leader, err := s.client.Status().RegionLeader(region)
		if err != nil {
			return exitFailed, err
		}
		leaders[region] = leader
		s.needs("the leader among the members", leader == fmt.Sprintf("%s:%s", member.Addr, member.Tags["port"]))
	}
	s.saw["members"] = len(members.Members)
	return exitOK, nil
}

func agentInfo(s *session) (int, error) {
	self, err := s.client.Agent().Self()
	if err != nil {
		return exitFailed, err
	}
	s.needs("stats", self.Stats != nil)
	s.needs("config", self.Config != nil)
	s.saw["member"] = self.Member.Status
	return exitOK, nil
}

func namespaceList(s *session) (int, error) {
	namespaces, _, err := s.client.Namespaces().List(nil)
	names := []string{}
	for _, namespace := range namespaces {
		names = append(names, namespace.Name)
	}
	s.saw["namespaces"] = names
	return exitOK, err
}

func namespaceStatus(s *session) (int, error) {
	namespaces, _, err := s.client.Namespaces().PrefixList(s.arg(0), nil)
	if err != nil {
		return exitFailed, err
	}
	for _, namespace := range namespaces {
		if namespace.Name == s.arg(0) {
			s.saw["name"] = namespace.Name
			return exitOK, nil
		}
	}
	return exitFailed, notFound("namespace", s.arg(0))
}

// status asks what the ID is of, and then does what the command for that does.
func status(s *session) (int, error) {
	if s.arg(0) == "" {
		return jobStatus(s)
	}
	reply, _, err := s.client.Search().PrefixSearch(s.arg(0), contexts.All, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error querying search with id: %w", err)
	}
	s.needs("Matches", reply.Matches != nil)
	s.needs("Truncations", reply.Truncations != nil)
	for _, kind := range []struct {
		context contexts.Context
		run     sequence
	}{{contexts.Jobs, jobStatus}, {contexts.Allocs, allocStatus}, {contexts.Evals, evalStatus}, {contexts.Deployments, deploymentStatus}, {contexts.Nodes, nodeStatus}, {contexts.Namespaces, namespaceStatus}} {
		if len(reply.Matches[kind.context]) == 0 {
			continue
		}
		s.saw["context"] = string(kind.context)
		return kind.run(s)
	}
	return exitFailed, fmt.Errorf("Unable to resolve ID: %q", s.arg(0))
}

// operatorAPI sends what it is told to, and prints what comes.
func operatorAPI(s *session) (int, error) {
	config := api.DefaultConfig()
	method := s.flags["X"]
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequest(method, config.Address+s.arg(0), bytes.NewReader(nil))
	if err != nil {
		return exitFailed, err
	}
	request.Header.Set("X-Nomad-Token", config.SecretID)
	reply, err := (&http.Client{Transport: s.recorder}).Do(request)
	if err != nil {
		return exitFailed, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	s.saw["body"] = string(body)
	if reply.StatusCode != http.StatusOK {
		return exitFailed, err
	}
	return exitOK, err
}

func systemGC(s *session) (int, error) { return exitOK, s.client.System().GarbageCollect() }

// version is the CLI's own.
func version(*session) (int, error) { return exitOK, nil }

func serviceList(s *session) (int, error) {
	services, _, err := s.client.Services().List(nil)
	names := []string{}
	for _, namespace := range services {
		for _, service := range namespace.Services {
			s.needs("Services[]", service != nil)
			names = append(names, service.ServiceName)
		}
	}
	s.saw["services"] = names
	return exitOK, err
}

func serviceInfo(s *session) (int, error) {
	services, _, err := s.client.Services().Get(s.arg(0), nil)
	s.saw["registrations"] = len(services)
	if err == nil && len(services) == 0 {
		return exitFailed, fmt.Errorf("No service registrations found")
	}
	for _, service := range services {
		s.saw["id"], s.saw["job"], s.saw["hasPort"] = service.ID, service.JobID, service.Port > 0 && service.Address != ""
	}
	return exitOK, err
}

func scalingPolicyList(s *session) (int, error) {
	policies, _, err := s.client.Scaling().ListPolicies(nil)
	s.saw["policies"] = len(policies)
	return exitOK, err
}

func volumeStatus(s *session) (int, error) {
	volumes, _, err := s.client.CSIVolumes().List(nil)
	s.saw["volumes"] = len(volumes)
	return exitOK, err
}

func varList(s *session) (int, error) {
	variables, _, err := s.client.Variables().List(nil)
	s.saw["variables"] = len(variables)
	return exitOK, err
}
