/** The table that the kernel sends: unpacked, searched and sorted. Pure, without elements. */
import { type Cell, cellText, type Format } from "./formats.ts";

export type Key = string | number;

export interface GridColumn {
  readonly name: string;
  readonly label: string;
  readonly format: Format;
  readonly right: boolean;
  readonly tones: Readonly<Record<string, string>>;
  readonly filter: boolean;
  readonly sortable: boolean;
}

export interface GridAction {
  readonly name: string;
  readonly label: string;
  readonly icon: string;
  readonly danger?: boolean;
  readonly visible?: boolean;
  /** Why a button of the header cannot be pressed. */
  readonly refusal?: string | null;
}

interface SentTable {
  readonly empty: string;
  readonly title: string;
  readonly selection: "one" | "many" | "none";
  readonly search: boolean;
  readonly dense: boolean;
  readonly toolbar: readonly GridAction[];
  readonly actions: readonly GridAction[];
  readonly columns: readonly GridColumn[];
  readonly keys: readonly Key[];
  /** One list a column; null for a column that repeats the keys. */
  readonly cells: readonly (readonly Cell[] | null)[];
  readonly second: Readonly<Record<string, readonly Cell[]>>;
  /** The word of an icon before the value, by column. */
  readonly marks: Readonly<Record<string, readonly Cell[]>>;
  readonly refusals: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const EMPTY: SentTable = {
  empty: "",
  title: "",
  selection: "none",
  search: false,
  dense: false,
  toolbar: [],
  actions: [],
  columns: [],
  keys: [],
  cells: [],
  second: {},
  marks: {},
  refusals: {},
};

export async function readTable(packed: DataView | null): Promise<Table> {
  return new Table((await unpack<SentTable>(packed)) ?? EMPTY);
}

/** Unpacks the block of bytes that the kernel sends: JSON, compressed with zlib. */
export async function unpack<T>(packed: DataView | null): Promise<T | null> {
  if (!packed || packed.byteLength === 0) return null;
  const bytes = new Uint8Array(packed.byteLength);
  bytes.set(new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text()) as T;
}

export class Table {
  // Kept for the next key press in the search field; a table never changes.
  private haystacks: string[] | null = null;
  private readonly texts = new Map<number, readonly string[]>();
  private sorted: { readonly by: string; readonly places: readonly number[] } | null = null;
  private readonly collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  readonly places: ReadonlyMap<Key, number>;

  constructor(readonly sent: SentTable) {
    this.places = new Map(sent.keys.map((key, place) => [key, place]));
  }

  get size(): number {
    return this.sent.keys.length;
  }

  key(place: number): Key {
    return this.sent.keys[place] ?? "";
  }

  cell(column: number, place: number): Cell {
    const cells = this.sent.cells[column];
    return (cells === null ? this.sent.keys[place] : cells?.[place]) ?? null;
  }

  second(column: number, place: number): Cell {
    return this.sent.second[column]?.[place] ?? null;
  }

  mark(column: number, place: number): string | null {
    const word = this.sent.marks[column]?.[place];
    return typeof word === "string" ? word : null;
  }

  /** Why an action cannot be chosen for a row; null if it can. */
  refusal(action: string, place: number): string | null {
    return this.sent.refusals[action]?.[place] ?? null;
  }

  /** The distinct values of a column as text, in their order. */
  values(column: number): string[] {
    return [...new Set(this.filterTexts(column))].sort(this.collator.compare);
  }

  /** The texts of a column, by place. */
  private filterTexts(column: number): readonly string[] {
    let texts = this.texts.get(column);
    if (texts === undefined) {
      const format = this.sent.columns[column]?.format ?? "text";
      texts = this.sent.keys.map((_, place) => cellText(this.cell(column, place), format, 0));
      this.texts.set(column, texts);
    }
    return texts;
  }

  /**
   * Returns the places of the rows to show, in order.
   *
   * @param search rows that contain all of its words
   * @param sort a column's name, with "-" before it for descending, or ""
   * @param chosen the value that each filtered column must have, by its index
   */
  shownPlaces(search: string, sort: string, chosen: ReadonlyMap<number, string>): number[] {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    let places = [...this.sortedPlaces(sort)];
    if (words.length > 0) {
      this.haystacks ??= this.sent.keys.map((_, place) => this.haystack(place));
      const haystacks = this.haystacks;
      places = places.filter((place) => words.every((word) => haystacks[place]?.includes(word)));
    }
    for (const [column, value] of chosen) {
      const texts = this.filterTexts(column);
      places = places.filter((place) => texts[place] === value);
    }
    return places;
  }

  private sortedPlaces(by: string): readonly number[] {
    if (this.sorted?.by === by) return this.sorted.places;
    const places = this.sent.keys.map((_, place) => place);
    const descending = by.startsWith("-");
    const name = descending ? by.slice(1) : by;
    const column = this.sent.columns.findIndex((each) => each.name === name);
    if (column >= 0) places.sort((one, other) => this.compare(column, one, other, descending));
    this.sorted = { by, places };
    return places;
  }

  private haystack(place: number): string {
    const parts = this.sent.columns.map(({ format }, column) => {
      const cell = this.cell(column, place);
      if (cell === null || format === "date" || typeof cell === "boolean") return "";
      return format === "status" ? cellText(cell, format, 0) : String(cell);
    });
    const seconds = Object.values(this.sent.second).map((cells) => cells[place] ?? "");
    return [...parts, ...seconds, this.key(place)].join("\n").toLowerCase();
  }

  private compare(column: number, one: number, other: number, descending: boolean): number {
    const a = this.cell(column, one);
    const b = this.cell(column, other);
    // A missing value comes last in both directions; equal ones keep their order.
    if (a === null || b === null) return Number(a === null) - Number(b === null) || one - other;
    const order =
      typeof a === "string" || typeof b === "string"
        ? this.collator.compare(String(a), String(b))
        : Number(a) - Number(b);
    return (descending ? -order : order) || one - other;
  }
}
