/** Tables as the kernel sends them, and the model of a `DataGrid`, for tests. */
import type { Cell } from "../src/grid/formats.ts";
import type { GridAction, GridColumn, Key, Table } from "../src/grid/table.ts";

type Sent = Table["sent"];
export type Row = { readonly id: Key } & Readonly<Record<string, Cell>>;

export function column(name: string, rest: Partial<GridColumn> = {}): GridColumn {
  const base = { label: name, format: "text", right: false, tones: {}, filter: false } as const;
  return { name, ...base, sortable: true, ...rest };
}

export function action(name: string, rest: Partial<GridAction> = {}): GridAction {
  return { name, label: `${name} it`, icon: "edit", ...rest };
}

/** A table of rows with a name and a number of calls, and their id. */
export function sentTable(rows: readonly Row[], rest: Partial<Sent> = {}): Sent {
  return {
    empty: "Nothing here yet.",
    title: "Agents",
    selection: "one",
    search: true,
    dense: false,
    toolbar: [],
    actions: [],
    columns: [
      column("name", { format: "title" }),
      column("calls", { format: "number", right: true }),
      column("id", { format: "id" }),
    ],
    keys: rows.map(({ id }) => id),
    cells: [rows.map(({ name }) => name ?? null), rows.map(({ calls }) => calls ?? null), null],
    second: {},
    marks: {},
    refusals: {},
    ...rest,
  };
}

export async function packed(sent: Sent): Promise<DataView> {
  const stream = new Blob([JSON.stringify(sent)])
    .stream()
    .pipeThrough(new CompressionStream("deflate"));
  return new DataView(await new Response(stream).arrayBuffer());
}

export class GridModel {
  readonly sent: unknown[] = [];
  readonly saved: string[] = [];
  alive = true;
  readonly traits: Record<string, unknown> = {
    _table: null,
    selected: [],
    search: "",
    sort: "",
    hidden_columns: [],
    total: null,
    has_more: false,
    is_loading: false,
    page_size: 50,
  };
  private readonly listeners = new Map<string, Set<() => void>>();

  get(name: string): unknown {
    return this.traits[name];
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.saved.push(name);
    for (const listener of [...(this.listeners.get(`change:${name}`) ?? [])]) listener();
  }

  save_changes(): void {
    if (!this.alive) throw new Error("Cannot send");
  }

  on(name: string, listener: () => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(listener));
  }

  off(name: string, listener: () => void): void {
    this.listeners.get(name)?.delete(listener);
  }

  send(message: unknown): void {
    if (!this.alive) throw new Error("Cannot send");
    this.sent.push(message);
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((total, { size }) => total + size, 0);
  }
}
