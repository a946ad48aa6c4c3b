// Generated from kaizen_widgets/sync/form/messages.py: do not edit.
// To make it again: npm --prefix js run codegen

/**
 * The messages of the fields of a form, and the state a page starts with.
 */
export interface FormProtocol {
  view:
    | FormHello
    | ChangeFields
    | BlurField
    | RowOperation
    | ChooseBranch
    | SetOptional
    | AttachFile
    | SubmitForm
    | ResetForm;
  kernel: FormPatch | FormSnapshotMessage;
  snapshot: FormSnapshot;
}
/**
 * A view is opened, or focused again, and asks for the revision.
 *
 * The answer is an empty patch; if its ``rev`` shows that the view missed a patch, the view asks again with
 * ``missed`` and gets a snapshot. (Patches on their way arrive before the answer.)
 */
export interface FormHello {
  kind: "hello";
  client: string;
  missed: boolean;
}
/**
 * Fields were edited.
 */
export interface ChangeFields {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
  kind: "change";
}
/**
 * What was typed or chosen in one field.
 */
export interface FieldEdit {
  key: string;
  value: unknown;
}
/**
 * A field lost the focus.
 */
export interface BlurField {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
  kind: "blur";
  key: string;
}
/**
 * A row is inserted at ``index``, removed, or moved to ``index``; rows are named by their id.
 */
export interface RowOperation {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
  kind: "row";
  key: string;
  operation: "insert" | "remove" | "move";
  row: string;
  index: number;
}
/**
 * A union's branch is chosen; what was typed in the branch before is kept.
 */
export interface ChooseBranch {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
  kind: "choose";
  key: string;
  tag: string;
}
/**
 * An optional field is set, or unset.
 */
export interface SetOptional {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
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
  edits: FieldEdit[];
  kind: "attach";
  key: string;
  name: string;
  type: string;
}
/**
 * The form is submitted, by Enter for example.
 */
export interface SubmitForm {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
  kind: "submit";
}
/**
 * The form returns to its default values.
 */
export interface ResetForm {
  client: string;
  seq: number;
  /**
   * @maxItems 10000
   */
  edits: FieldEdit[];
  kind: "reset";
}
/**
 * What one operation changed, from revision ``base`` to ``rev``.
 *
 * Attributes:
 *     base, rev: The revisions before and after; equal if nothing changed.
 *     seen: The number of the last message of each view that is answered.
 *     cells: Replaced cells.
 *     removed: Keys of rows and fields that are gone, with everything below them.
 *     errors: Changed errors; an empty list for a field that has none any more.
 *     options, notes, hidden, state: What changed of them.
 *     focus: Where to move the focus.
 */
export interface FormPatch {
  kind: "patch";
  base: number;
  rev: number;
  seen?: {
    [k: string]: number;
  };
  cells?: {
    [k: string]: Cell;
  };
  removed?: string[];
  errors?: {
    [k: string]: string[];
  };
  options?: {
    [k: string]: FieldOption[];
  };
  hidden?: string[] | null;
  notes?: {
    [k: string]: string;
  };
  state?: FormState | null;
  focus?: Focus | null;
}
/**
 * The state of one field.
 *
 * Attributes:
 *     value: The content of the control, as it was typed.
 *     rows: The ids of the rows of a list or dict, in order.
 *     branch: The chosen branch of a union; empty for none.
 *     unset: Whether an optional field is not set.
 *     secret: Whether there is a password.
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
export interface FieldOption {
  value: unknown;
  label: string;
}
/**
 * The state of the form as a whole.
 */
export interface FormState {
  isDirty: boolean;
  isValid: boolean;
  isSubmitting: boolean;
  isValidating: boolean;
  submitCount: number;
}
/**
 * Moves the focus.
 *
 * Attributes:
 *     key: The field; None for the first that has an error.
 *     to: The view; None for the view that the user is looking at.
 */
export interface Focus {
  key?: string | null;
  to?: string | null;
}
/**
 * The whole form, for a view that missed a patch.
 */
export interface FormSnapshotMessage {
  kind: "snapshot";
  to: string;
  seen: number;
  snapshot: FormSnapshot;
}
/**
 * All a view needs to draw the form, without secrets.
 *
 * Attributes:
 *     root, definitions: The description of the fields; see `FormDescription`.
 *     only: Keys of the fields to draw; None for all that are not drawn elsewhere.
 *     rev: The revision.
 *     cells, errors, options, notes: By key.
 *     hidden: Keys of hidden fields.
 *     widgets: References to ipywidgets that take the place of controls, by key.
 *     state: The state of the form as a whole.
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
    [k: string]: FieldOption[];
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
 * Attributes:
 *     min, max, step: Limits of a number as text, so that no digit is lost.
 *     whole: A number has no fraction; a file is a path.
 *     aware: A time has an offset from UTC.
 *     rows: Height of a long text.
 *     item: A row of a list, or the value of a dict's row.
 *     names: The key of a dict's row.
 *     ref: Name of the definition that describes the field, where a model contains itself.
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
    | "color"
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
  options?: FieldOption[];
  fields?: FieldNode[];
  item?: FieldNode | null;
  names?: FieldNode | null;
  branches?: FieldBranch[];
}
/**
 * One of the types a union may have.
 */
export interface FieldBranch {
  tag: string;
  label: string;
  node: FieldNode;
}
