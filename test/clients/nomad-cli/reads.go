// What reads the cluster beside the lists: the server's log, completion of IDs, and namespaces, which are not written here.
package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/nomad/api"
	"github.com/hashicorp/nomad/api/contexts"
)

var readSequences = map[string]sequence{
	"monitor":          monitorAgent,
	"autocompletion":   autocompletion,
	"namespace apply":  namespaceApply,
	"namespace delete": namespaceDelete,
	"service delete":   serviceDelete,
}

// monitorAgent follows the server's log until a line has what -until says. Something is asked of the server meanwhile, so that it has
// something to say.
func monitorAgent(s *session) (int, error) {
	stop := make(chan struct{})
	defer close(stop)
	query := &api.QueryOptions{Params: map[string]string{"log_level": s.flags["log-level"], "log_json": fmt.Sprint(s.has("json"))}}
	frames, errs := s.client.Agent().Monitor(stop, query)
	again := time.NewTicker(time.Second)
	defer again.Stop()
	// A refusal comes before any frame, with no channel of frames.
	for end := time.After(patience); ; {
		select {
		case err := <-errs:
			return exitFailed, fmt.Errorf("error starting monitor: %w", err)
		case frame, open := <-frames:
			if !open {
				return exitFailed, fmt.Errorf("the log has ended")
			}
			if strings.Contains(string(frame.Data), s.flags["until"]) {
				s.saw["heard"] = true
				return exitOK, nil
			}
		case <-again.C:
			if err := s.plain.System().GarbageCollect(); err != nil {
				return exitFailed, err
			}
		case <-end:
			return exitFailed, fmt.Errorf("the log never said %q", s.flags["until"])
		}
	}
}

// autocompletion is what a shell asks for: the IDs of one kind that begin so.
func autocompletion(s *session) (int, error) {
	context := contexts.Context(s.arg(0))
	reply, _, err := s.client.Search().PrefixSearch(s.arg(1), context, nil)
	if err != nil {
		return exitFailed, err
	}
	s.needs("Matches", reply.Matches != nil)
	matches := reply.Matches[context]
	if matches == nil {
		matches = []string{}
	}
	s.saw["matches"] = matches
	return exitOK, nil
}

func namespaceApply(s *session) (int, error) {
	_, err := s.client.Namespaces().Register(&api.Namespace{Name: s.arg(0), Description: s.flags["description"]}, nil)
	if err != nil {
		return exitFailed, fmt.Errorf("Error applying namespace: %w", err)
	}
	return exitOK, nil
}

func namespaceDelete(s *session) (int, error) {
	if _, err := s.client.Namespaces().Delete(s.arg(0), nil); err != nil {
		return exitFailed, fmt.Errorf("Error deleting namespace: %w", err)
	}
	return exitOK, nil
}

func serviceDelete(s *session) (int, error) {
	if _, err := s.client.Services().Delete(s.arg(0), s.arg(1), nil); err != nil {
		return exitFailed, fmt.Errorf("Error deleting service registration: %w", err)
	}
	return exitOK, nil
}
