// jsonencode and jsondecode.
package interpolation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

func jsonEncode(b *budget, arguments []value) (value, error) {
	var text strings.Builder
	if err := writeJSON(&text, arguments[0]); err != nil {
		return value{}, err
	}
	return stringValue(text.String()), b.spend(text.Len())
}

func writeJSON(text *strings.Builder, v value) error {
	if text.Len() > MaxResultBytes {
		return errTooMuchWork
	}
	switch {
	case v.null:
		text.WriteString("null")
	case v.isSequence():
		return writeJSONArray(text, v.items)
	case v.hasFields():
		return writeJSONObject(text, v)
	case v.kind == kindString:
		return writeJSONString(text, v.text)
	case v.kind == kindNumber && v.number.IsInf():
		return errors.New("cannot serialize infinity as JSON")
	default:
		plain, err := toText(v)
		text.WriteString(plain)
		return err
	}
	return nil
}

func writeJSONArray(text *strings.Builder, items []value) error {
	text.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			text.WriteByte(',')
		}
		if err := writeJSON(text, item); err != nil {
			return err
		}
	}
	text.WriteByte(']')
	return nil
}

func writeJSONObject(text *strings.Builder, v value) error {
	text.WriteByte('{')
	for i, key := range v.keys() {
		if i > 0 {
			text.WriteByte(',')
		}
		if err := writeJSONString(text, key); err != nil {
			return err
		}
		text.WriteByte(':')
		if err := writeJSON(text, v.fields[key]); err != nil {
			return err
		}
	}
	text.WriteByte('}')
	return nil
}

func writeJSONString(text *strings.Builder, plain string) error {
	quoted, err := json.Marshal(plain)
	text.Write(quoted)
	return err
}

func jsonDecode(b *budget, arguments []value) (value, error) {
	text, err := toText(arguments[0])
	if err != nil {
		return value{}, err
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	result, err := b.readJSON(decoder, 0)
	if errors.Is(err, io.EOF) {
		err = errors.New("EOF")
	}
	if err != nil {
		return value{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return value{}, errors.New("extraneous data after JSON value")
	}
	return result, nil
}

func (b *budget) readJSON(decoder *json.Decoder, depth int) (value, error) {
	if depth > maxDepth {
		return value{}, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	word, err := decoder.Token()
	if err != nil {
		return value{}, err
	}
	switch content := word.(type) {
	case bool:
		return boolValue(content), nil
	case string:
		return stringValue(content), nil
	case json.Number:
		number, err := parseNumber(content.String())
		return numberValue(number), err
	case json.Delim:
		if content == '[' {
			return b.readJSONArray(decoder, depth)
		}
		return b.readJSONObject(decoder, depth)
	}
	return nullValue, nil
}

func (b *budget) readJSONArray(decoder *json.Decoder, depth int) (value, error) {
	var items []value
	for decoder.More() {
		item, err := b.readJSON(decoder, depth+1)
		if err != nil {
			return value{}, err
		}
		items = append(items, item)
	}
	if _, err := decoder.Token(); err != nil {
		return value{}, err
	}
	return b.tuple(items)
}

func (b *budget) readJSONObject(decoder *json.Decoder, depth int) (value, error) {
	fields := map[string]value{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return value{}, err
		}
		content, err := b.readJSON(decoder, depth+1)
		if err != nil {
			return value{}, err
		}
		fields[key.(string)] = content
	}
	if _, err := decoder.Token(); err != nil {
		return value{}, err
	}
	return b.object(fields)
}
