/** Draws a field of any kind; the one place that knows them all. */

import { Fieldset } from "./fieldset.ts";
import type { FieldView, Form, Place } from "./form.ts";
import { Hosted } from "./hosted.ts";
import { Leaf } from "./leaf.ts";
import { Optional } from "./optional.ts";
import type { FieldNode } from "./protocol.gen.ts";
import { Rows } from "./rows.ts";
import { Union } from "./union.ts";

const HOLDS_OTHERS: ReadonlySet<string> = new Set(["object", "tuple", "list", "dict", "union"]);

export function build(form: Form, given: FieldNode, key: string, place: Place = {}): FieldView {
  const widget = form.replica.snapshot.widgets[key];
  if (widget) return new Hosted(form, given, key, place, widget);
  const node = form.resolve(given);
  if (!HOLDS_OTHERS.has(node.kind ?? "text")) return new Leaf(form, node, key, place);
  if (node.nullable && !place.decided) return new Optional(form, node, key, place);
  switch (node.kind) {
    case "list":
    case "dict":
      return new Rows(form, node, key, place);
    case "union":
      return new Union(form, node, key, place);
    default:
      return new Fieldset(form, node, key, place);
  }
}
