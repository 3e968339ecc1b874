import { describe, expect, it } from "vitest";
import { evaluated, mistakes } from "./evaluated-value.ts";

describe("a job file in JSON", () => {
  it("is what its native syntax would be", () => {
    const json = String.raw`{
      "//": "a comment",
      "variable": {"n": {"type": "number", "default": 2}, "l": {"type": "list(string)", "default": ["a"]}},
      "locals": {"group": {"x": 1}},
      "job": {"web": {
        "count": "${"${var.n + 1}"}",
        "meta": {"${"${var.l[0]}"}": "$${"$${x} ${NOMAD_X} ${env[\\\"HOME\\\"]}"}"},
        "group": [{"a": {"task": {"t": {"config": {"args": ["${"${upper(\\\"a\\\")}"}"], "volume": {"v": {}}}}}}}, {"b": {}}],
        "constraint": [{"attribute": "x"}, {"attribute": "y"}],
        "dynamic": {"service": {"for_each": ["p", "q"], "iterator": "it", "content": {"name": "${"${it.value}"}"}}},
        "update": null,
        "local": "${"${local.group.x}"}"
      }}
    }`.replaceAll(String.raw`\\\"`, String.raw`\"`);
    const native = String.raw`
      variable "n" {
        type = number
        default = 2
      }
      variable "l" {
        type = list(string)
        default = ["a"]
      }
      locals {
        group = { x = 1 }
      }
      job "web" {
        count = var.n + 1
        meta = { (var.l[0]) = "$${"$${x} ${NOMAD_X} ${env[\"HOME\"]}"}" }
        group "a" {
          task "t" {
            config {
              args = [upper("a")]
              volume = { v = {} }
            }
          }
        }
        group "b" {
        }
        constraint {
          attribute = "x"
        }
        constraint {
          attribute = "y"
        }
        dynamic "service" {
          for_each = ["p", "q"]
          iterator = it
          content {
            name = it.value
          }
        }
        update = null
        local = local.group.x
      }
    `.replaceAll(String.raw`\"`, '"');
    expect(evaluated(json)).toEqual(evaluated(native));
  });

  it.each([
    ["text that is no JSON", '{"a" 1}', ['1:6 expected ":", but found "1"']],
    ["a template that is wrong", '{\n "a": "${x +}"\n}', ["2:7 Invalid expression; expected a value, but found \"}\""]],
    ["a type that is wrong", '{"variable": {"v": {"type": "strin", "default": 1}}}', ['1:29 Invalid type specification; The keyword "strin" is not a valid type specification.']],
    ["a label without a block", '{"job": {"web": 1}}', ['1:17 expected an object for this "job"']],
    ["a name that is not there", '{"a": "${var.x}"}', [expect.stringContaining('Unsupported attribute; This object does not have an attribute named "x".')]],
  ])("is refused for %s", (_name, text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });
});
