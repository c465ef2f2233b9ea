package api

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write order.d.ts anew")

// TestTypeScript holds order.d.ts against the schemas of the document.
func TestTypeScript(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas members `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	want := "// Waybill's API as TypeScript: the schemas of /api/openapi.json, made from it.\n"
	for _, m := range doc.Components.Schemas {
		want += "\n" + declaration(t, m.name, m.schema)
	}
	if *update {
		if err := os.WriteFile("order.d.ts", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(orderTypes) != want {
		t.Error("order.d.ts is stale: go test ./relay/api -run TypeScript -update")
	}
	h := newHouse(t)
	if resp, body := h.do(ask{method: "GET", path: "/api/order.d.ts"}); resp.StatusCode != 200 || body != want && !t.Failed() {
		t.Errorf("served: %s", resp.Status)
	}
}

// schema is the part of JSON Schema that the document uses.
type schema struct {
	Ref         string          `json:"$ref"`
	Type        json.RawMessage `json:"type"` // a name, or a list of them
	Description string          `json:"description"`
	Enum        []any           `json:"enum"`
	Items       *schema         `json:"items"`
	Required    []string        `json:"required"`
	Properties  members         `json:"properties"`
	Additional  json.RawMessage `json:"additionalProperties"`
}

// members keep the order in which the document has them.
type members []member

type member struct {
	name   string
	schema *schema
}

func (ms *members) UnmarshalJSON(text []byte) error {
	return eachMember(text, func(name string, value []byte) error {
		s := new(schema)
		*ms = append(*ms, member{name, s})
		return json.Unmarshal(value, s)
	})
}

func declaration(t *testing.T, name string, s *schema) string {
	if s.Properties != nil {
		return comment("", s.Description) + "export interface " + name + " " + object(t, "", s) + "\n"
	}
	return comment("", s.Description) + "export type " + name + " = " + typeOf(t, "", s) + ";\n"
}

func comment(indent, text string) string {
	if text == "" {
		return ""
	}
	return indent + "/** " + strings.ReplaceAll(text, "*/", "*\u200b/") + " */\n"
}

func object(t *testing.T, indent string, s *schema) string {
	b := "{\n"
	for _, m := range s.Properties {
		optional := "?"
		if slices.Contains(s.Required, m.name) {
			optional = ""
		}
		b += comment(indent+"  ", m.schema.Description) + indent + "  " + m.name + optional + ": " + typeOf(t, indent+"  ", m.schema) + ";\n"
	}
	return b + indent + "}"
}

func typeOf(t *testing.T, indent string, s *schema) string {
	t.Helper()
	if s.Ref != "" {
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	}
	var kinds []string
	if s.Type != nil && s.Type[0] == '[' {
		if err := json.Unmarshal(s.Type, &kinds); err != nil {
			t.Fatal(err)
		}
	} else if s.Type != nil {
		kinds = []string{strings.Trim(string(s.Type), `"`)}
	}
	var types []string
	for _, kind := range kinds {
		switch {
		case len(s.Enum) > 0:
			for _, value := range s.Enum {
				literal, err := json.Marshal(value)
				if err != nil {
					panic(err) // it was read from JSON
				}
				types = append(types, string(literal))
			}
		case kind == "array":
			item := typeOf(t, indent, s.Items)
			if strings.ContainsAny(item, "| ") {
				item = "(" + item + ")"
			}
			types = append(types, item+"[]")
		case kind == "object" && s.Properties != nil:
			types = append(types, object(t, indent, s))
		case kind == "object" && len(s.Additional) > 0 && s.Additional[0] == '{':
			value := new(schema)
			if err := json.Unmarshal(s.Additional, value); err != nil {
				t.Fatal(err)
			}
			types = append(types, "Record<string, "+typeOf(t, indent, value)+">")
		case kind == "object":
			types = append(types, "Record<string, unknown>")
		case kind == "integer":
			types = append(types, "number")
		case kind == "string", kind == "number", kind == "boolean", kind == "null":
			types = append(types, kind)
		default:
			t.Fatalf("no type for %s", s.Type)
		}
	}
	return strings.Join(types, " | ")
}
