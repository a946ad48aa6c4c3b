/**
 * Snapshots as they cross the wire (rule S13): columns, with positions as doubles in a buffer.
 *
 * Pure. Mirrors `kaizen_widgets/sync/canvas/columns.py`. Gives rows of JSON that are checked like any others
 * before they become a document.
 */
export interface Columns {
  readonly ids: readonly string[];
  readonly types: readonly (string | null)[];
  /** The rest of each node. */
  readonly nodes: readonly (object | null)[];
  /** Little-endian doubles, two a node; NaN where the position stands with the rest. */
  readonly positions: DataView;
  readonly edgeIds: readonly string[];
  /** Places in `ids`. */
  readonly sources: readonly number[];
  readonly targets: readonly number[];
  readonly edges: readonly (object | null)[];
}

export interface Rows {
  readonly nodes: unknown[];
  readonly edges: unknown[];
}

/** Puts rows together; throws when the columns are of different length. */
export function rowsOf(columns: Columns): Rows {
  const { ids, types, positions } = columns;
  if (positions.byteLength !== ids.length * 16)
    throw new Error(`${ids.length} nodes have ${positions.byteLength} bytes of positions.`);
  const nodes = ids.map((id, place) => {
    const x = positions.getFloat64(place * 16, true);
    const y = positions.getFloat64(place * 16 + 8, true);
    const type = types[place] ?? null;
    return {
      id,
      ...(type === null ? {} : { type }),
      ...(Number.isNaN(x) ? {} : { position: { x, y } }),
      ...columns.nodes[place],
    };
  });
  const edges = columns.edgeIds.map((id, place) => ({
    id,
    source: ids[columns.sources[place] ?? -1],
    target: ids[columns.targets[place] ?? -1],
    ...columns.edges[place],
  }));
  return { nodes, edges };
}
