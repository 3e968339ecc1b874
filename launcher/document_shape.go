// The shape of JSON that we are given, read off its Go types: every field there, spelled exactly, not null.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// decodeStrictly takes nothing but the shape of T, whole. Its errors go on from the name of what was read.
func decodeStrictly[T any](text []byte) (T, error) {
	var value, none T
	if err := checkDocumentShape(text, reflect.TypeFor[T](), ""); err != nil {
		return none, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		return none, fmt.Errorf("does not have the right shape: %w", err)
	}
	return value, nil
}

// checkDocumentShape compares names byte by byte and asks for every one of them, which Go's own decoding does not: a user
// without a uid must not become root. A field that may be left out has the option omitempty.
func checkDocumentShape(value json.RawMessage, shape reflect.Type, where string) error {
	if string(bytes.TrimSpace(value)) == "null" {
		return fmt.Errorf("has null at %q", where)
	}
	switch shape.Kind() {
	case reflect.Struct:
		return checkFields(value, shape, where)
	case reflect.Map:
		return checkEntries(value, shape.Elem(), where)
	case reflect.Slice:
		var entries []json.RawMessage
		if err := json.Unmarshal(value, &entries); err != nil {
			return fmt.Errorf("has no list at %q: %w", where, err)
		}
		for index, entry := range entries {
			if err := checkDocumentShape(entry, shape.Elem(), fmt.Sprintf("%s[%d]", where, index)); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkEntries(value json.RawMessage, shape reflect.Type, where string) error {
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(value, &entries); err != nil {
		return fmt.Errorf("has no object at %q: %w", where, err)
	}
	for name, entry := range entries {
		if err := checkDocumentShape(entry, shape, where+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func checkFields(value json.RawMessage, shape reflect.Type, where string) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(value, &fields); err != nil {
		return fmt.Errorf("has no object at %q: %w", where, err)
	}
	for index := range shape.NumField() {
		name, options, _ := strings.Cut(shape.Field(index).Tag.Get("json"), ",")
		field, ok := fields[name]
		if !ok && options == "omitempty" {
			continue
		}
		if !ok {
			return fmt.Errorf("has no %q at %q", name, where)
		}
		if err := checkDocumentShape(field, shape.Field(index).Type, where+"."+name); err != nil {
			return err
		}
		delete(fields, name)
	}
	for name := range fields {
		return fmt.Errorf("has an unknown field %q at %q", name, where)
	}
	return nil
}
