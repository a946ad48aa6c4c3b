/** What the kernel tells the header; see `HeaderState` in widgets/studio_header.py. */
import type { SaveState } from "../canvas/protocol.gen.ts";

export interface InputField {
  readonly name: string;
  readonly type: "text" | "number" | "boolean" | "json";
  readonly value: unknown;
  readonly required: boolean;
}
export interface PipelineEntry {
  readonly id: string;
  readonly name: string;
  readonly detail: string;
}
export interface HeaderState {
  readonly title: string;
  readonly pipelineId: string;
  readonly save: SaveState["status"];
  readonly saveMessage: string;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly undoLabel: string;
  readonly redoLabel: string;
  readonly run: "idle" | "running" | "cancelling";
  readonly fields: readonly InputField[];
  readonly user: string;
  readonly signedIn: boolean;
  readonly hasUsers: boolean;
  readonly hasVersions: boolean;
  readonly theme: "light" | "dark" | "system";
}
export type Action = { readonly name: string; readonly value?: string; readonly inputs?: object };
export type Act = (action: Action) => void;
