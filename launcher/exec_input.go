// What the client of an exec session sends: the reader that never waits for the process.
package main

import (
	"errors"
	"fmt"
)

// readFrames runs until the client's stream ends or makes no sense.
func (s *execSession) readFrames() {
	defer close(s.inputEnded)
	isOperation, err := s.readStart()
	var process execProcess
	if err == nil && !isOperation {
		select {
		case process = <-s.process:
		case <-s.gone:
			return
		}
	}
	for err == nil {
		var received frame
		if received, err = s.nextFrame(); err != nil {
			break
		}
		if isOperation {
			err = s.handleDuringOperation(received)
		} else {
			err = s.handle(received, process)
		}
	}
	var broken protocolError
	if errors.As(err, &broken) {
		s.output.send(encodeJSON(frameError, errorMessage{Code: "protocol", Message: broken.Error()}))
	}
	s.clientGone()
}

// nextFrame takes any frame as a sign of life.
func (s *execSession) nextFrame() (frame, error) {
	received, err := s.input.next()
	if err == nil {
		s.silence.Reset(silenceLimit)
	}
	return received, err
}

var errHangup = errors.New("the client has hung up")

// readStart hands the message that opens the session to it, and says which of the two it was. Only pings may come before.
func (s *execSession) readStart() (isOperation bool, err error) {
	for {
		received, err := s.nextFrame()
		if err != nil {
			return false, err
		}
		switch received.kind {
		case framePing:
			s.output.send(encodeFrame(framePong, nil))
		case frameHangup, frameRevoke:
			return false, errHangup
		case frameStart:
			message, err := decodeStart(received.payload)
			if err == nil {
				s.start <- message
			}
			return false, err
		case frameOperate:
			message, err := decodeOperate(received.payload)
			if err == nil {
				s.operate <- message
			}
			return true, err
		default:
			return false, protocolError(fmt.Sprintf("frame 0x%02x came before start", byte(received.kind)))
		}
	}
}

// handleDuringOperation takes what an operation needs and no more: there is no process to talk to.
func (s *execSession) handleDuringOperation(received frame) error {
	switch received.kind {
	case framePing:
		s.output.send(encodeFrame(framePong, nil))
		return nil
	case frameCredit:
		if grant := received.creditOf(); grant.stream == streamStdout {
			return s.results.grant(grant.bytes)
		}
		return protocolError("an operation has no other stream than stdout")
	case frameHangup, frameRevoke:
		return errHangup
	}
	return protocolError(fmt.Sprintf("frame 0x%02x is not for an operation", byte(received.kind)))
}

func (s *execSession) handle(received frame, process execProcess) error {
	switch received.kind {
	case framePing:
		s.output.send(encodeFrame(framePong, nil))
	case frameStdin:
		return s.stdin.push(received.payload)
	case frameStdinClose:
		s.stdin.closeInput()
	case frameResize:
		if process.terminal != nil {
			rows, cols := received.resizeOf()
			setWindow(process.terminal.masterFD, rows, cols)
		}
	case frameSignal:
		if number, ok := signalNamed(string(received.payload)); ok {
			_ = signalProcess(-process.leader, number) // the group may have ended, which the exit frame tells
		}
	case frameCredit:
		return s.credit(received.creditOf())
	case frameHangup:
		return errHangup
	case frameRevoke:
		s.revoked.Store(true)
		return errHangup
	default:
		return protocolError(fmt.Sprintf("frame 0x%02x is not for the launcher at this point", byte(received.kind)))
	}
	return nil
}

func (s *execSession) credit(grant creditGrant) error {
	switch grant.stream {
	case streamStdout:
		return s.stdout.grant(grant.bytes)
	case streamStderr:
		return s.stderr.grant(grant.bytes)
	}
	return protocolError("credit for stdin is the launcher's to grant")
}
