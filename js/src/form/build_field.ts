/** Draws a field of any kind. */

import type { FieldView, FormContext, Placement } from "./form_context.ts";
import { HostedWidget } from "./hosted_widget.ts";
import { LeafField } from "./leaf_field.ts";
import { ObjectField } from "./object_field.ts";
import { OptionalField } from "./optional_field.ts";
import type { FieldNode } from "./protocol.gen.ts";
import { RowList } from "./row_list.ts";
import { UnionField } from "./union_field.ts";

const HOLDS_OTHERS: ReadonlySet<string> = new Set(["object", "tuple", "list", "dict", "union"]);

export function build(
  form: FormContext,
  given: FieldNode,
  key: string,
  place: Placement = {},
): FieldView {
  const widget = form.replica.snapshot.widgets[key];
  if (widget) return new HostedWidget(form, given, key, place, widget);
  const node = form.resolve(given);
  if (!HOLDS_OTHERS.has(node.kind ?? "text")) return new LeafField(form, node, key, place);
  if (node.nullable && !place.hasToggle) return new OptionalField(form, node, key, place);
  switch (node.kind) {
    case "list":
    case "dict":
      return new RowList(form, node, key, place);
    case "union":
      return new UnionField(form, node, key, place);
    default:
      return new ObjectField(form, node, key, place);
  }
}
