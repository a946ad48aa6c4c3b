// Generated from kaizen_widgets/sync/form/messages.py: do not edit.
// To make it again: npm --prefix js run codegen

/**
 * Everything that crosses the comm of a form's field area.
 */
export interface FormProtocol {
  view:
    | FormHello
    | Change
    | Blur
    | RowOperation
    | ChooseBranch
    | SetOptional
    | AttachFile
    | Submit
    | ResetForm;
  kernel: Patch | FormSnapshotMessage;
  picture: FormSnapshot;
}
/**
 * A view opens or comes back: it asks how things stand.
 *
 * The answer is a patch of nothing, whose ``rev`` tells whether the view has missed one; then it asks again,
 * and gets the whole. (What is on its way arrives before the answer does.)
 */
export interface FormHello {
  kind: "hello";
  client: string;
  missed: boolean;
}
/**
 * Fields were edited.
 */
export interface Change {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "change";
}
/**
 * What was typed or chosen in one field.
 */
export interface Edit {
  key: string;
  value: unknown;
}
/**
 * A field lost the focus.
 */
export interface Blur {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "blur";
  key: string;
}
/**
 * A row is added at ``index``, removed, or moved to ``index``; rows are named by their id.
 */
export interface RowOperation {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "row";
  key: string;
  operation: "insert" | "remove" | "move";
  row: string;
  index: number;
}
/**
 * A union's branch is chosen; what was typed in the one before is kept.
 */
export interface ChooseBranch {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "choose";
  key: string;
  tag: string;
}
/**
 * An Optional becomes set, or not set.
 */
export interface SetOptional {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "set";
  key: string;
  isSet: boolean;
}
/**
 * A file was picked; its content is the message's one buffer.
 */
export interface AttachFile {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "attach";
  key: string;
  name: string;
  type: string;
}
/**
 * Enter was pressed, or the like.
 */
export interface Submit {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "submit";
}
/**
 * Everything goes back to where it began.
 */
export interface ResetForm {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: Edit[];
  kind: "reset";
}
/**
 * What one operation changed, from revision ``base`` to ``rev``.
 *
 * ``cells`` replaces cells; ``gone`` names keys under which nothing is left. An empty list of errors
 * means that there is none any more. ``seen`` holds the last number heard of each view.
 */
export interface Patch {
  kind: "patch";
  base: number;
  rev: number;
  seen: {
    [k: string]: number;
  };
  cells?: {
    [k: string]: Cell;
  };
  gone?: string[];
  errors?: {
    [k: string]: string[];
  };
  options?: {
    [k: string]: Option[];
  };
  hidden?: string[] | null;
  notes?: {
    [k: string]: string;
  };
  state?: FormState | null;
  focus?: Focus | null;
}
/**
 * What one field holds now.
 *
 * Attributes:
 *     value: What is in the control, as it was typed.
 *     rows: The ids of a list's or dict's rows, in order.
 *     branch: Which of a union's branches is chosen; empty for none.
 *     unset: Whether an Optional is not set.
 *     secret: Whether there is a password; the kernel never says which.
 */
export interface Cell {
  value?: unknown | null;
  rows?: string[] | null;
  branch?: string | null;
  unset?: boolean;
  secret?: boolean;
}
/**
 * One of the values a choice offers.
 */
export interface Option {
  value: unknown;
  label: string;
}
/**
 * How the form as a whole stands.
 */
export interface FormState {
  isDirty: boolean;
  isValid: boolean;
  isSubmitting: boolean;
  isValidating: boolean;
  submitCount: number;
}
/**
 * Where the focus belongs, for one view or for whichever the user is looking at.
 *
 * Without a key it is the first field that has an error.
 */
export interface Focus {
  key?: string | null;
  to?: string | null;
}
/**
 * The form as it is, for a view that asked.
 */
export interface FormSnapshotMessage {
  kind: "whole";
  to: string;
  seen: number;
  picture: FormSnapshot;
}
/**
 * All a view needs to draw the form; secrets are not in it.
 */
export interface FormSnapshot {
  root: FieldNode;
  definitions: {
    [k: string]: FieldNode;
  };
  only: string[] | null;
  rev: number;
  cells: {
    [k: string]: Cell;
  };
  errors: {
    [k: string]: string[];
  };
  options: {
    [k: string]: Option[];
  };
  hidden: string[];
  notes: {
    [k: string]: string;
  };
  widgets: {
    [k: string]: string;
  };
  state: FormState;
}
/**
 * How one field is drawn.
 *
 * ``min``, ``max`` and ``step`` are texts, so that no digit is lost. ``whole`` numbers have no fraction,
 * and a ``whole`` file is a path; ``aware`` times have an offset. ``item`` is a list's row or a dict's
 * value, ``names`` a dict's key. ``ref`` names one of the form's definitions, where a model holds itself.
 */
export interface FieldNode {
  name?: string;
  kind?:
    | "text"
    | "long_text"
    | "password"
    | "number"
    | "slider"
    | "checkbox"
    | "select"
    | "radio"
    | "multi_select"
    | "date"
    | "time"
    | "datetime"
    | "duration"
    | "colour"
    | "file"
    | "json"
    | "computed"
    | "object"
    | "list"
    | "tuple"
    | "dict"
    | "union"
    | "ref"
    | "unsupported";
  label?: string;
  help?: string;
  placeholder?: string;
  group?: string;
  required?: boolean;
  nullable?: boolean;
  readOnly?: boolean;
  deprecated?: string;
  min?: string | null;
  max?: string | null;
  step?: string | null;
  whole?: boolean;
  aware?: boolean;
  rows?: number | null;
  accept?: string;
  minItems?: number;
  maxItems?: number | null;
  ref?: string;
  options?: Option[];
  fields?: FieldNode[];
  item?: FieldNode | null;
  names?: FieldNode | null;
  branches?: Branch[];
}
/**
 * One of the shapes a union may have.
 */
export interface Branch {
  tag: string;
  label: string;
  node: FieldNode;
}
