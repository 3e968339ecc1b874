// Watching the files that templates read, while the task runs.
package main

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// templateChange is what a changed template asks for. With err, a template can no longer be rendered: as on Nomad, that
// is the end of the task, and of the watching.
type templateChange struct {
	mode   string
	signal syscall.Signal
	err    error
}

// watch renders a template anew when a file that it read has changed, and sends what follows when its text has changed
// too, after a random wait of up to the largest splay. What changes at the same time is joined: one restart, or else
// each signal once. Nothing is started where no template reads a file. After stop has returned nothing is sent.
func (t *templates) watch(values map[string]string, changed chan<- templateChange) (stop func()) {
	watched := t.watched()
	if len(watched) == 0 {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		watcher := templateWatcher{templates: t, watched: watched, values: values, changed: changed, done: done}
		watcher.run()
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(done) })
		<-ended
	}
}

func (t *templates) watched() []*taskTemplate {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var watched []*taskTemplate
	for _, each := range t.all {
		if !each.Once && len(each.reads) > 0 {
			watched = append(watched, each)
		}
	}
	return watched
}

type templateWatcher struct {
	templates *templates
	watched   []*taskTemplate
	values    map[string]string
	changed   chan<- templateChange
	done      <-chan struct{}
}

func (w *templateWatcher) run() {
	for w.pause(w.templates.limit.poll) {
		anew, err := w.round()
		if err != nil {
			w.send(templateChange{err: err})
			return
		}
		if len(anew) == 0 {
			continue
		}
		changes := joinChanges(anew)
		if len(changes) > 0 && !w.pause(splayOf(anew)) {
			return
		}
		for _, change := range changes {
			if !w.send(change) {
				return
			}
		}
	}
}

// round returns the templates whose text is another now. A file that is gone is waited for: the old text stays.
func (w *templateWatcher) round() (anew []*taskTemplate, err error) {
	for _, each := range w.watched {
		if !w.readsChanged(each) {
			continue
		}
		changed, err := w.templates.renderOne(each, w.values, w.done)
		if err != nil && !isMissingFile(err) && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil && changed {
			anew = append(anew, each)
		}
	}
	return anew, nil
}

func (w *templateWatcher) readsChanged(of *taskTemplate) bool {
	w.templates.mutex.Lock()
	reads := of.reads
	w.templates.mutex.Unlock()
	for place, mark := range reads {
		now := markTaskFile(w.templates.root, place)
		if now.exists && now != mark {
			return true
		}
	}
	return false
}

func (w *templateWatcher) pause(wait time.Duration) (goOn bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-w.done:
		return false
	case <-timer.C:
		return true
	}
}

func (w *templateWatcher) send(change templateChange) (sent bool) {
	select {
	case <-w.done:
		return false
	case w.changed <- change:
		return true
	}
}

// joinChanges puts one restart in the place of everything else.
func joinChanges(anew []*taskTemplate) []templateChange {
	var changes []templateChange
	for _, each := range anew {
		switch each.ChangeMode {
		case changeModeRestart:
			return []templateChange{{mode: changeModeRestart}}
		case changeModeSignal:
			change := templateChange{mode: changeModeSignal, signal: each.signal}
			if !slices.Contains(changes, change) {
				changes = append(changes, change)
			}
		}
	}
	return changes
}

// splayOf is a random time below the largest splay of the templates that ask for something.
func splayOf(anew []*taskTemplate) time.Duration {
	var most int64
	for _, each := range anew {
		if each.ChangeMode != changeModeNoop {
			most = max(most, each.SplayMs)
		}
	}
	if most == 0 {
		return 0
	}
	return time.Duration(rand.Int64N(most)) * time.Millisecond
}
