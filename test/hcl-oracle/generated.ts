/** @module Expressions of HCL from a grammar that is a little wrong now and then, for both evaluators. */
import * as fc from "fast-check";

type Grammar = { readonly any: string; readonly text: string; readonly number: string; readonly condition: string; readonly sequence: string; readonly mapping: string };

const join = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map((list) => list.join(""));
const of = (...words: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
const word = (text: string): fc.Arbitrary<string> => fc.constant(text);

export const expression: fc.Arbitrary<string> = fc.letrec<Grammar>((tie) => ({
  any: fc.oneof({ maxDepth: 4, depthSize: "small" }, of("1", '"a"', "true", "null"), tie("text"), tie("number"), tie("condition"), tie("sequence"), tie("mapping"),
    join(tie("condition"), word(" ? "), tie("any"), word(" : "), tie("any")),
    join(tie("sequence"), of("[0]", ".0", "[1]", "[*]", ".*", '["0"]', "[-1]", "[0][0]")),
    join(tie("mapping"), of(".a", '["a"]', ".b", '["b"]', ".*.a", "[*].a")),
    join(of("try(", "can("), tie("any"), word(")")),
    join(word("convert("), tie("any"), of(", string)", ", number)", ", bool)", ", list(string))", ", set(number))", ", map(string))", ", list(any))", ", object({ a = string }))", ", tuple([number, string]))"))),
  text: fc.oneof({ maxDepth: 4, depthSize: "small" }, of('"a"', '"Grüße"', '"b c"', '""', '"1"', '"\\n\\t\\\\"', '"10"', '"true"'),
    join(of("upper(", "lower(", "strrev(", "title(", "trimspace(", "chomp(", "base64encode(", "md5(", "jsonencode(", "yamlencode(", "urlencode("), tie("any"), word(")")),
    join(word("substr("), tie("text"), word(", "), of("0", "1", "-2", "9"), word(", "), of("0", "1", "-1", "5"), word(")")),
    join(word("replace("), tie("text"), word(", "), tie("text"), word(", "), tie("text"), word(")")),
    join(word('join("-", '), tie("sequence"), word(")")),
    join(word("format("), of('"%s"', '"%v"', '"%5s|%q"', '"%d"', '"%.3f"', '"%#v"', '"%t"', '"%05d"', '"%-6v|"', '"%x"', '"%g"', '"%e"'), word(", "), tie("any"), word(")")),
    join(word('"<${'), tie("any"), of("}", " }", " ~}"), of('>"', ' x"', '  $${y}"', '${~ 1 } "')),
    join(word('"%{ if '), tie("condition"), of(" }", " ~}"), word(" x ${"), tie("any"), word("} %{ else }"), of("y", " y "), word('%{ endif }"')),
    join(word('"%{ for k, v in '), fc.oneof(tie("sequence"), tie("mapping")), word(' }${k}=${v},%{ endfor }"')),
    join(word("coalesce("), tie("text"), word(", "), tie("text"), word(")"))),
  number: fc.oneof({ maxDepth: 4, depthSize: "small" }, of("0", "1", "2", "-3", "0.5", "1e2", "10", '"7"', "0.1", "123456789012345678"),
    join(of("abs(", "ceil(", "floor(", "strlen(", "length(", "signum("), tie("any"), word(")")),
    join(of("max(", "min("), tie("number"), word(", "), tie("number"), word(")")),
    join(tie("number"), of(" + ", " - ", " / ", " % "), tie("number")), join(of("2", "0.5"), word(" * "), tie("number")),
    join(word("("), tie("number"), word(")")), join(word("-"), tie("number"))),
  condition: fc.oneof({ maxDepth: 4, depthSize: "small" }, of("true", "false", '"false"', "1 < 2"),
    join(tie("number"), of(" < ", " > ", " <= ", " >= ", " == ", " != "), tie("number")),
    join(word("("), tie("condition"), of(") && (", ") || (", ") == ("), tie("condition"), word(")")),
    join(word("!"), tie("condition")), join(word("("), tie("any"), word(") == ("), tie("any"), word(")")),
    join(word("contains("), tie("sequence"), word(", "), tie("any"), word(")"))),
  sequence: fc.oneof({ maxDepth: 4, depthSize: "small" }, of("[1, 2]", '["a", "b"]', "[]", '[1, "a"]', "[null]", "[{ a = 1 }, { a = 2 }]", "[true]", "[[1], [2, 3]]", "range(3)"),
    join(word("["), tie("any"), word(", "), tie("any"), word("]")),
    join(of("concat(", "setunion(", "coalescelist("), tie("sequence"), word(", "), tie("sequence"), word(")")),
    join(of("reverse(", "flatten(", "distinct(", "compact(", "sort("), tie("sequence"), word(")")),
    join(of("keys(", "values("), tie("mapping"), word(")")),
    join(word("chunklist("), tie("sequence"), of(", 1)", ", 2)", ", 0)")),
    join(word("slice("), tie("sequence"), of(", 0, 1)", ", 1, 2)", ", 1, 1)")),
    join(word("[for i, x in "), fc.oneof(tie("sequence"), tie("mapping")), word(" : "), fc.oneof(of("x", "i", '"${i}"', "[x]"), tie("any")), of("]", " if true]", ' if "false"]', ' if jsonencode(x) != "1"]')),
    join(tie("any"), word("[*]"), of("", ".0")),
    join(word("("), tie("condition"), word(" ? "), tie("sequence"), word(" : "), tie("sequence"), word(")"))),
  mapping: fc.oneof({ maxDepth: 4, depthSize: "small" }, of("{ a = 1, b = 2 }", "{}", '{ "a" : "x" }', "{ a = null }", '{ ("a") = [1] }', "{\n  a = 1\n}"),
    join(word("{ a = "), tie("any"), word(", b = "), tie("any"), word(" }")),
    join(word("merge("), tie("mapping"), word(", "), tie("mapping"), word(")")),
    join(word("zipmap("), tie("sequence"), word(", "), tie("sequence"), word(")")),
    join(word("{ for k, v in "), fc.oneof(tie("mapping"), tie("sequence")), word(" : "), of("k", "v", '"${k}x"'), word(" => "), fc.oneof(of("v", "k"), tie("any")), of(" }", "... }")),
    join(word("("), tie("condition"), word(" ? "), tie("mapping"), word(" : "), tie("mapping"), word(")"))),
})).any;
