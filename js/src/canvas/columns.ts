/**
 * Snapshots as they are sent (rule S13): columns, with positions as doubles in a buffer.
 *
 * Pure. Mirrors `kaizen_widgets/sync/canvas/columns.py`. The rows it returns are checked like all others before
 * they become a document.
 */
export interface Columns {
  readonly ids: readonly string[];
  readonly types: readonly (string | null)[];
  /** The other keys of each node; null when there are none. */
  readonly nodes: readonly (object | null)[];
  /** Little-endian doubles, two per node; NaN where the position is among the other keys. */
  readonly positions: DataView;
  readonly edgeIds: readonly string[];
  /** Indices in `ids`. */
  readonly sources: readonly number[];
  readonly targets: readonly number[];
  readonly edges: readonly (object | null)[];
}

export interface Rows {
  readonly nodes: unknown[];
  readonly edges: unknown[];
}

/** Returns the rows; throws when the columns have different lengths. */
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
