// How long a JSON text becomes by indenting it: much longer than it was where it is nested deeply.
package template

// indentedSize is the length of what json.Indent makes of a text without blanks, for an indent of step bytes.
func indentedSize(compact []byte, step int) int {
	size, depth := len(compact), 0
	for index := 0; index < len(compact); index++ {
		isEmpty := index+1 < len(compact) && (compact[index+1] == '}' || compact[index+1] == ']')
		switch compact[index] {
		case '"':
			index = endOfString(compact, index)
		case ':':
			size++
		case ',':
			size += 1 + depth*step
		case '{', '[':
			depth++
			if !isEmpty {
				size += 1 + depth*step
			}
		case '}', ']':
			depth--
			if before := compact[index-1]; before != '{' && before != '[' {
				size += 1 + depth*step
			}
		}
	}
	return size
}

// endOfString is where the string that begins at index ends.
func endOfString(compact []byte, index int) int {
	for index++; index < len(compact) && compact[index] != '"'; index++ {
		if compact[index] == '\\' {
			index++
		}
	}
	return index
}
